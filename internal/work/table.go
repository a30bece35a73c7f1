package work

import (
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// Decision is a row of the table of decisions, in words.
type Decision struct {
	Failure fault.Kind `json:"failure"`
	// Means says what has happened, Then what becomes of the work.
	Means string `json:"means"`
	Then  string `json:"then"`
	// Spends says that an attempt is counted.
	Spends bool `json:"spends_an_attempt"`
}

// Decisions returns the table that Decide goes by.
func Decisions() []Decision {
	all := rules()
	out := make([]Decision, 0, len(all))
	for _, m := range meanings() {
		r := all[m.kind]
		out = append(out, Decision{Failure: m.kind, Means: m.means, Then: r.words(m.kind), Spends: r.spend})
	}
	return out
}

type meaning struct {
	kind  fault.Kind
	means string
}

// meanings says what each kind of failure is, those first that pass by themselves. A test holds it to the rules.
func meanings() []meaning {
	return []meaning{
		{fault.Transient, "No answer, or one that may be another next time; the default for what is not known"},
		{fault.Unauthorized, "The access token was refused"},
		{fault.Conflict, "The thing has changed since it was read"},
		{fault.CursorLost, "A listing cannot go on from where it stood"},
		{fault.RateLimited, "The provider asks for fewer calls"},
		{fault.QuotaExhausted, "A quota is used up, which takes hours to pass"},
		{fault.Busy, "Somebody else is at it"},
		{fault.Misconfigured, "The operator has to mend something at the provider or here"},
		{fault.Canceled, "This process is to end"},
		{fault.Fenced, "Somebody else has taken the work over"},
		{fault.NeedsReauth, "The provider has ended the grant"},
		{fault.NeedsConsent, "The owner or an administrator has to consent anew"},
		{fault.Held, "It would do what nobody has asked for, such as mail a guest"},
		{fault.Forbidden, "The account may not do this"},
		{fault.NotFound, "The provider does not know the thing, or does not say"},
		{fault.Gone, "The thing was deleted"},
		{fault.Duplicate, "Something else has taken the place"},
		{fault.Invalid, "The provider does not take it as it is"},
		{fault.Unsupported, "The provider cannot do it for this account"},
	}
}

// words says what becomes of work by the rule.
func (r rule) words(kind fault.Kind) string {
	switch {
	case kind == fault.Fenced:
		return "nothing is written"
	case kind == fault.Canceled:
		return "it is given back, due at once"
	case r.state == record.Held:
		return fmt.Sprintf("held for %s", r.held)
	case r.state == record.Dead:
		return "dead letter; what only follows a provider waits as for " + string(fault.QuotaExhausted)
	case r.spend && kind == fault.Transient:
		return fmt.Sprintf("tried again after a random wait below a bound that doubles from %s to %s", short(firstWait), short(longestWait))
	case r.spend:
		return "tried again at once, then as after " + string(fault.Transient)
	default:
		return fmt.Sprintf("tried again after %s to %s, or when the provider says", short(r.wait), short(r.wait+r.jitter))
	}
}

func short(d time.Duration) string {
	s := d.String()
	for _, end := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, end) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// Markdown writes the table, and what it does not say, as docs/decisions.md has it.
func Markdown(all []Decision) string {
	var b strings.Builder
	b.WriteString("| Failure | It means | What becomes of the work | Attempts |\n|---|---|---|---|\n")
	for _, d := range all {
		spends := "none"
		if d.Spends {
			spends = "one"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Failure, d.Means, d.Then, spends)
	}
	waits := make([]string, 0, len(redeliveries()))
	for _, w := range redeliveries() {
		waits = append(waits, short(w))
	}
	fmt.Fprintf(&b, "\nA write is given up after %d attempts in a row. A delivery is tried again after %s, each with up to a tenth more, and then given up.\n",
		AttemptLimit, strings.Join(waits, ", "))
	return b.String()
}
