package pacts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Ours is the participant that this repository is. Names that begin with it and a hyphen are parts of it, and have its version.
const Ours = "calweave"

// Result is what one run has found of one pact.
type Result struct {
	Consumer string
	Provider string
	// Pact is the pact file as it was verified.
	Pact []byte
	// Against is what stood in for the provider.
	Against string
	OK      bool
	At      time.Time
}

// report is contracts.json, as far as it is needed here.
type report struct {
	Versions map[string]string `json:"versions"`
	Edges    []edge            `json:"edges"`
}

type edge struct {
	Consumer     string    `json:"consumer"`
	Provider     string    `json:"provider"`
	Pact         string    `json:"pact"`
	Against      string    `json:"verified_against"`
	At           time.Time `json:"verified_at"`
	Error        string    `json:"error"`
	Interactions []struct {
		OK bool `json:"ok"`
	} `json:"interactions"`
	Breakages []struct {
		Noticed bool `json:"noticed"`
	} `json:"breakages"`
}

// holds reports whether something was verified, and all of it held.
func (e edge) holds() bool {
	ok := e.Error == "" && len(e.Interactions) > 0
	for _, i := range e.Interactions {
		ok = ok && i.OK
	}
	for _, b := range e.Breakages {
		ok = ok && b.Noticed
	}
	return ok
}

// maxFile bounds what is read of a file, in bytes.
const maxFile = 16 << 20

// ReadReport reads what make contracts has written, and the pact files that it is about, below root. The version is that of calweave which was verified.
// It refuses a report about a tree that no version names.
func ReadReport(path, root string) (version string, all []Result, err error) {
	raw, err := readFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("%w: make contracts writes it", err)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", nil, fmt.Errorf("%s is no report of make contracts: %w", path, err)
	}
	version = r.Versions[Ours]
	if err := checkVersion(version); err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(r.Edges) == 0 {
		return "", nil, fmt.Errorf("%s is about no pact at all: run make contracts again", path)
	}
	for _, e := range r.Edges {
		pact, err := readFile(filepath.Join(root, filepath.FromSlash(e.Pact)))
		if err != nil {
			return "", nil, fmt.Errorf("%s is about a pact that is not there: %w", path, err)
		}
		one := Result{Consumer: e.Consumer, Provider: e.Provider, Pact: pact, Against: e.Against, OK: e.holds(), At: e.At.UTC()}
		if err := one.names(); err != nil {
			return "", nil, fmt.Errorf("%s: %w", e.Pact, err)
		}
		all = append(all, one)
	}
	return version, all, nil
}

// names holds the pact to being the one that the report is about.
func (r Result) names() error {
	consumer, provider, err := namesOf(r.Pact)
	if err == nil && (consumer != r.Consumer || provider != r.Provider) {
		err = fmt.Errorf("this is the pact of %s with %s, and the report says %s with %s", consumer, provider, r.Consumer, r.Provider)
	}
	return err
}

// namesOf says who a pact is between.
func namesOf(raw []byte) (consumer, provider string, err error) {
	type party struct {
		Name string `json:"name"`
	}
	var pact struct {
		Consumer party `json:"consumer"`
		Provider party `json:"provider"`
	}
	if err := json.Unmarshal(raw, &pact); err != nil {
		return "", "", fmt.Errorf("this is no pact: %w", err)
	}
	if pact.Consumer.Name == "" || pact.Provider.Name == "" {
		return "", "", errors.New("this is no pact: it names no consumer or no provider")
	}
	return pact.Consumer.Name, pact.Provider.Name, nil
}

func checkVersion(v string) error {
	switch {
	case v == "" || strings.Contains(v, " "):
		return fmt.Errorf("%q names no version of calweave: run make contracts in a clone with its history", v)
	case strings.HasSuffix(v, "-dirty"):
		return fmt.Errorf("version %s has changes that are not committed, so that nobody could say later what was verified: commit, and run make contracts again", v)
	}
	return nil
}

// covers reports whether a name in a pact belongs to a participant.
func covers(participant, name string) bool {
	return name == participant || strings.HasPrefix(name, participant+"-")
}

// versionOf is the version of a name in a pact of this repository: calweave's own, or that of what stood in for somebody else, which calweave brings along.
func versionOf(name, version string) string {
	if covers(Ours, name) {
		return version
	}
	return "stand-in-" + version
}

// digest tells pacts apart by their content.
func digest(pact []byte) string {
	sum := sha256.Sum256(pact)
	return hex.EncodeToString(sum[:])
}

func readFile(path string) ([]byte, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if about.Size() > maxFile {
		return nil, errors.New(path + " is larger than 16 MiB")
	}
	return os.ReadFile(path) //nolint:gosec // the operator names it
}
