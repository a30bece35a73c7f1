package pacts

import (
	"cmp"
	"fmt"
	"slices"
)

// Answer says whether one pact allows a version to be deployed.
type Answer struct {
	Consumer string `json:"consumer"`
	Provider string `json:"provider"`
	OK       bool   `json:"ok"`
	// Why says what it was decided by, or what to do about it.
	Why string `json:"why"`
}

// CanDeploy says for each pact of a participant whether its version may go to an environment: the version and what is deployed there of the other side have
// to have been verified together. Where nobody has said what is deployed of the other side, as of a provider that is not ours, the version's newest
// verification counts. It fails if nothing is known of the version, and if a pact that other versions have was never verified with it.
func (m *Matrix) CanDeploy(participant, version, environment string) ([]Answer, error) {
	var out []Answer
	known := false
	for _, pair := range m.pairs(participant) {
		of := slices.DeleteFunc(slices.Clone(m.Verifications), func(v Verification) bool { return v.Consumer != pair.Consumer || v.Provider != pair.Provider })
		mine := pair.with(of, participant, version)
		known = known || len(mine) > 0
		a := Answer{Consumer: pair.Consumer, Provider: pair.Provider}
		if len(mine) == 0 {
			a.Why = fmt.Sprintf("version %s was never verified: run make contracts on it, and calweave contracts record", version)
		} else {
			a.OK, a.Why = m.decide(pair, mine, participant, environment)
		}
		out = append(out, a)
	}
	if !known {
		return nil, fmt.Errorf("nothing is known of %s in version %q: run make contracts on it, and calweave contracts record", participant, version)
	}
	return out, nil
}

// pair is a consumer and a provider, by name.
type pair struct{ Consumer, Provider string }

// pairs are the pacts that a participant has a side in.
func (m *Matrix) pairs(participant string) []pair {
	var out []pair
	for _, v := range m.Verifications {
		p := pair{v.Consumer, v.Provider}
		if (covers(participant, v.Consumer) || covers(participant, v.Provider)) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Provider, b.Provider))
	})
	return out
}

// with are the verifications that hold for a version of a participant, oldest first: its own, and as a consumer those of other versions with the same pact.
func (p pair) with(of []Verification, participant, version string) []Verification {
	consumes := covers(participant, p.Consumer)
	pacts := map[string]bool{}
	for _, v := range of {
		if consumes && v.ConsumerVersion == version {
			pacts[v.Pact] = true
		}
	}
	var out []Verification
	for _, v := range of {
		if consumes && pacts[v.Pact] || !consumes && v.ProviderVersion == version {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b Verification) int { return a.At.Compare(b.At) })
	return out
}

func (m *Matrix) decide(p pair, mine []Verification, participant, environment string) (bool, string) {
	consumes := covers(participant, p.Consumer)
	other, theirs := p.Consumer, func(v Verification) string { return v.ConsumerVersion }
	if consumes {
		other, theirs = p.Provider, func(v Verification) string { return v.ProviderVersion }
	}
	deployed, ok := m.deployed(other, environment)
	if !ok {
		newest := mine[len(mine)-1]
		if !newest.OK {
			return false, fmt.Sprintf("the newest verification failed (with %s, %s): the report of that run says why", theirs(newest), day(newest))
		}
		return true, fmt.Sprintf("nobody has recorded which %s %s has; verified against %s (%s)", other, environment, cmp.Or(newest.Against, "version "+theirs(newest)), day(newest))
	}
	with := sharing(m.Verifications, mine, deployed)
	if consumes {
		with = slices.DeleteFunc(slices.Clone(mine), func(v Verification) bool { return v.ProviderVersion != deployed })
	}
	if len(with) == 0 {
		return false, fmt.Sprintf("%s has %s in version %s, with which this version was never verified", environment, other, deployed)
	}
	if newest := with[len(with)-1]; !newest.OK {
		return false, fmt.Sprintf("it was verified with %s in version %s, and failed (%s)", other, deployed, day(newest))
	}
	return true, fmt.Sprintf("verified with %s in version %s, which %s has", other, deployed, environment)
}

// sharing are the verifications among mine whose pact is the one that a version of the consumer has.
func sharing(all, mine []Verification, consumerVersion string) []Verification {
	var out []Verification
	for _, v := range mine {
		if slices.ContainsFunc(all, func(o Verification) bool {
			return o.Consumer == v.Consumer && o.Provider == v.Provider && o.ConsumerVersion == consumerVersion && o.Pact == v.Pact
		}) {
			out = append(out, v)
		}
	}
	return out
}

// deployed is the version of a name in a pact that an environment has.
func (m *Matrix) deployed(name, environment string) (version string, ok bool) {
	for _, d := range m.Deployments {
		if d.Environment == environment && covers(d.Participant, name) {
			return d.Version, true
		}
	}
	return "", false
}

func day(v Verification) string { return v.At.UTC().Format("2006-01-02") }
