package pacts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Matrix is what is known of versions: which were verified together, and which are deployed. It is kept in a file, for a team that runs no Pact Broker.
type Matrix struct {
	Verifications []Verification `json:"verifications"`
	Deployments   []Deployment   `json:"deployments"`
}

// Verification says whether a version of a provider keeps what a version of a consumer relies on.
type Verification struct {
	Consumer        string `json:"consumer"`
	ConsumerVersion string `json:"consumer_version"`
	Provider        string `json:"provider"`
	ProviderVersion string `json:"provider_version"`
	// Pact is the SHA-256 of the pact file, in hexadecimal digits: versions that share it share their verifications.
	Pact    string    `json:"pact_sha256"`
	Against string    `json:"verified_against,omitempty"`
	OK      bool      `json:"ok"`
	At      time.Time `json:"verified_at"`
}

// Deployment says which version of a participant an environment has. The newest of a participant counts.
type Deployment struct {
	Participant string    `json:"participant"`
	Version     string    `json:"version"`
	Environment string    `json:"environment"`
	At          time.Time `json:"deployed_at"`
}

// ReadMatrix reads a matrix. One that is not there yet is empty.
func ReadMatrix(path string) (*Matrix, error) {
	raw, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Matrix{}, nil
	}
	if err != nil {
		return nil, err
	}
	var m Matrix
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s is no matrix of contracts: %w", path, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &m, nil
}

func (m *Matrix) check() error {
	for i, v := range m.Verifications {
		if slices.Contains([]string{v.Consumer, v.ConsumerVersion, v.Provider, v.ProviderVersion, v.Pact}, "") {
			return fmt.Errorf("/verifications/%d lacks a name, a version or the pact's hash", i)
		}
	}
	for i, d := range m.Deployments {
		if slices.Contains([]string{d.Participant, d.Version, d.Environment}, "") {
			return fmt.Errorf("/deployments/%d lacks a name, a version or an environment", i)
		}
	}
	return nil
}

// Write replaces the file as a whole, so that nobody reads half of it.
func (m *Matrix) Write(path string) (err error) {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".matrix-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(append(raw, '\n'))
	const readable = 0o644
	if err = errors.Join(err, f.Chmod(readable), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Record adds what a run of a version of calweave has found. The same result again takes the place of itself.
func (m *Matrix) Record(version string, all []Result) {
	for _, r := range all {
		v := Verification{
			Consumer: r.Consumer, ConsumerVersion: versionOf(r.Consumer, version), Provider: r.Provider, ProviderVersion: versionOf(r.Provider, version),
			Pact: digest(r.Pact), Against: r.Against, OK: r.OK, At: r.At,
		}
		m.Add(v)
	}
}

// Add notes a verification. An older one of the same pact between the same versions goes.
func (m *Matrix) Add(v Verification) {
	m.Verifications = slices.DeleteFunc(m.Verifications, func(o Verification) bool { return o.same(v) && !o.At.After(v.At) })
	if !slices.ContainsFunc(m.Verifications, v.same) {
		m.Verifications = append(m.Verifications, v)
	}

	slices.SortStableFunc(m.Verifications, func(a, b Verification) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Provider, b.Provider), a.At.Compare(b.At))
	})
}

// ReadVerification reads who the pact is between that was verified.
func ReadVerification(path, consumerVersion, providerVersion string) (Verification, error) {
	pact, err := readFile(path)
	if err != nil {
		return Verification{}, err
	}
	consumer, provider, err := namesOf(pact)
	if err != nil {
		return Verification{}, fmt.Errorf("%s: %w", path, err)
	}
	return Verification{
		Consumer: consumer, ConsumerVersion: consumerVersion, Provider: provider, ProviderVersion: providerVersion, Pact: digest(pact),
	}, nil
}

// same reports whether two verifications are of the same pact between the same versions.
func (v Verification) same(o Verification) bool {
	return v.Consumer == o.Consumer && v.ConsumerVersion == o.ConsumerVersion && v.Provider == o.Provider && v.ProviderVersion == o.ProviderVersion && v.Pact == o.Pact
}

// Deploy notes that an environment has a version of a participant from now on.
func (m *Matrix) Deploy(d Deployment) {
	m.Deployments = slices.DeleteFunc(m.Deployments, func(o Deployment) bool { return o.Participant == d.Participant && o.Environment == d.Environment })
	m.Deployments = append(m.Deployments, d)
	slices.SortFunc(m.Deployments, func(a, b Deployment) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Participant, b.Participant))
	})
}
