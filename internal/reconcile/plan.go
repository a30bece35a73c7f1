package reconcile

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// Seen says what is known about the event at the provider.
type Seen int

// The states of knowledge.
const (
	// Unread is nothing, yet.
	Unread Seen = iota
	// Present is an event as it was just read or written.
	Present
	// Absent is an event that a search by its key did not find: no proof of anything.
	Absent
	// Missing is an event that was not found while its calendar could be seen: proof only beside something else.
	Missing
	// Gone is an event that is proven to be deleted.
	Gone
)

// Remote is what the provider shows.
type Remote struct {
	Seen  Seen
	Event cal.Event
}

// Desired is what the core wants of one target.
type Desired struct {
	// Present says whether the event should be there at all.
	Present bool
	Version int64
	Content cal.Content
	// Fields are those of Content that are ours to write.
	Fields cal.Fields
	Notify cal.Notify
	// Conference says whether the event is to have one.
	Conference bool
}

// Abilities are what the plan needs to know about a provider.
type Abilities struct {
	// Quiet providers can be told to mail nobody.
	Quiet bool
	// Conditional providers refuse a write on a stale ETag, so that a write needs no read before it.
	Conditional bool
	// Finds says that an event can be searched by its key.
	Finds bool
	// Confers says that an event can be asked to have a conference.
	Confers bool
}

// Situation is all that a plan is made from.
type Situation struct {
	Link    record.Link
	Desired Desired
	Remote  Remote
	// Sent are the hashes of every version sent in this generation.
	Sent []record.SentHash
	// IsSeries says that the link's event is a series, Place which occurrence of which series it is; nil for an event of its own.
	IsSeries bool
	Place    *Place
	// Beside is the Shape of the series that an event of an occurrence's own stands beside; empty where that is not in order. Back says that the series
	// was just seen to have the occurrence again.
	Beside string
	Back   bool
	// Suspect says that a listing has shown another state than the link's.
	Suspect bool
	// Enforced are the fields in which a person's change is written over, so that nothing of it is merged.
	Enforced cal.Fields
	// Conferred is what this run was answered when it asked for a conference; zero if it has not asked.
	Conferred cal.Conference
	Can       Abilities
	Now       time.Time
}

// Action is the next thing to do.
type Action string

// The actions.
const (
	// Read reads the event; Find searches it by its key.
	Read Action = "read"
	Find Action = "find"
	// Create, Update and Delete write.
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	// Bury records that the event is proven gone: the link's next event will have another key.
	Bury Action = "bury"
	// Agree commits: nothing more is to be written now.
	Agree Action = "agree"
	// Wait commits that the event was missed, to look once more before it is given up for deleted.
	Wait Action = "wait"
	// Hold commits that a write waits for an operator.
	Hold Action = "hold"
	// Leave commits nothing: the series has to be in order first. Forget commits that the series does not have the occurrence, as wanted; Detach goes on
	// with an event of the occurrence's own, since the series cannot have it again.
	Leave  Action = "leave"
	Forget Action = "forget"
	Detach Action = "detach"
)

// Step is what to do next, and why.
type Step struct {
	Action Action
	// Fields are what Create and Update write.
	Fields cal.Fields
	// Person are the fields that a person has changed; those that the core has not decided about yet.
	Person cal.Fields
	// Open are the person's fields that the core has changed too: until it decides, its version is not shown.
	Open cal.Fields
	// Confer says that Create and Update ask for a conference.
	Confer bool
	// Removed says that the event was deleted, and not by us.
	Removed bool
	// Look is when to look once more for an event that was not found; zero when there is no need.
	Look time.Time
	Why  string
}

// retention is how long a provider is trusted to remember the key of a create. Microsoft documents no term for transactionId, so after this
// long an unanswered create is searched for before it is made again.
const retention = 10 * time.Minute

// straggling is how long a call that nobody waits for any more may still take effect, and how long one that has may not be seen yet.
const straggling = 2 * time.Minute

// Plan says what to do next. It does no I/O and depends on nothing but s.
func Plan(s Situation) Step {
	if s.Place != nil {
		if step, ok := planPlace(s); ok {
			return step
		}
	}
	if s.Link.EventID == "" {
		return planWithout(s)
	}
	switch s.Remote.Seen {
	case Gone:
		return planGone(s)
	case Missing:
		return planMissing(s)
	case Present:
		return planPresent(s)
	case Unread, Absent:
	}
	why := needsRead(s)
	if why == "" && looksAtSeries(s) {
		why = "what became of single occurrences is not known"
	}
	if why != "" {
		return Step{Action: Read, Why: why}
	}
	s.Remote = remembered(s.Link)
	step := planPresent(s)
	if step.Action == Hold {
		return Step{Action: Read, Why: "an operator is to decide about the event as it is now"}
	}
	return step
}

// remembered is the event as it was when both sides last agreed. A write that is decided on it carries its ETag.
func remembered(l record.Link) Remote {
	return Remote{Seen: Present, Event: cal.Event{ID: l.EventID, ETag: l.ETag, Content: l.Base.Read}}
}

// planWithout plans for a link that is not known to have an event.
func planWithout(s Situation) Step {
	since, unanswered := s.Link.Pending(record.OpCreate)
	search := unanswered && s.Can.Finds && s.Remote.Seen == Unread
	switch {
	case !s.Desired.Present:
		return planNothing(s, unanswered, search)
	case s.Link.State == record.LinkDiverged:
		return Step{Action: Agree, Removed: true, Why: "a person deleted the event and the core has not decided"}
	case search && s.Now.Sub(since) > retention:
		return Step{Action: Find, Why: "a create was never answered and the provider may have forgotten its key"}
	case unanswered:
		return Step{Action: Create, Fields: s.Desired.Fields, Confer: asksForConference(s), Why: "a create was never answered: the same key yields the same event"}
	default:
		return Step{Action: Create, Fields: s.Desired.Fields, Confer: asksForConference(s), Why: "the booking has no event here"}
	}
}

// planNothing plans for a link that is to have no event, and is not known to have one.
func planNothing(s Situation, unanswered, search bool) Step {
	switch {
	case search:
		return Step{Action: Find, Why: "a create was never answered and is not wanted any more"}
	case unanswered && !s.Can.Finds:
		// No guests and no text: should it be made only now, it is gone again at once and tells nobody anything.
		return Step{Action: Create, Fields: cal.Fields(cal.FieldSlot), Why: "a create was never answered: the same key yields the event that is to go"}
	default:
		return Step{Action: Agree, Look: lastLook(s), Why: "there is nothing to remove"}
	}
}

// lastLook is when no unanswered create can take effect any more; zero when that is over.
func lastLook(s Situation) time.Time {
	var last time.Time
	for _, w := range s.Link.InFlight {
		if until := w.At.Add(straggling); w.Op == record.OpCreate && until.After(s.Now) {
			last = until
		}
	}
	return last
}

// planMissing plans for an event that was not found. A new event may not be readable yet, so one look proves nothing by itself: a listing has
// to have shown that something became of the event, or it was seen before a later write of ours, or a second look finds it missing still.
func planMissing(s Situation) Step {
	since := s.Link.MissedAt
	if since.IsZero() {
		since = s.Now
	}
	if s.Suspect || wasSeen(s.Link) || s.Now.Sub(since) >= straggling {
		return planGone(s)
	}
	return Step{Action: Wait, Look: since.Add(straggling), Why: "the event was not found, and it may be too new to be seen"}
}

// wasSeen reports whether a write in flight was decided on what the event showed. After a create that was not answered at once, that may have
// been the answer to another one.
func wasSeen(l record.Link) bool {
	_, created := l.Pending(record.OpCreate)
	_, updated := l.Pending(record.OpUpdate)
	_, deleted := l.Pending(record.OpDelete)
	return !created && (updated || deleted)
}

// planGone plans for an event that is proven to be deleted.
func planGone(s Situation) Step {
	_, ours := s.Link.Pending(record.OpDelete)
	if !s.Desired.Present || ours {
		return Step{Action: Bury, Why: "the event is gone, as wanted"}
	}
	return Step{Action: Bury, Removed: true, Why: "the event is gone and calweave did not delete it"}
}

// planPresent plans for an event whose state is known.
func planPresent(s Situation) Step {
	if !s.Desired.Present || s.Back {
		return planRemoval(s)
	}
	step := compare(s)
	step.Confer = asksForConference(s)
	if step.Fields == 0 && !step.Confer {
		step.Action = Agree
		return step
	}
	if step.Fields == 0 {
		step.Why = "the booking wants a conference, and the event has none"
	}
	if surprises(s) {
		step.Action = Hold
		step.Why = "the event has guests, this provider mails them about any change, and the booking's notify does not cover that"
		return step
	}
	step.Action = Update
	return step
}

func planRemoval(s Situation) Step {
	if surprises(s) {
		return Step{Action: Hold, Why: "the event has guests, this provider mails them its cancellation, and the booking's notify does not cover that"}
	}
	return Step{Action: Delete, Why: "the booking does not stand here any more"}
}

// surprises reports whether a write to the event would mail somebody whom the booking's notify does not cover.
func surprises(s Situation) bool {
	if s.Can.Quiet || s.Desired.Notify == cal.NotifyAll || s.Link.State == record.LinkApproved {
		return false
	}
	return len(s.Remote.Event.Content.Attendees) > 0
}

// needsRead says why the event must be read before anything is decided; empty when a write may be decided on what was last agreed.
func needsRead(s Situation) string {
	l := s.Link
	switch {
	case s.Suspect:
		return "a listing has shown another state"
	case l.Base == nil || l.ETag == "":
		return "nothing was agreed on yet"
	case len(l.InFlight) > 0:
		return "a write was never answered"
	case !l.MissedAt.IsZero():
		return "the event was not found last time"
	case l.State == record.LinkDiverged || l.Observed != nil:
		return "a person's change awaits the core"
	case looksForConference(s):
		return "what becomes of the conference is not known"
	case !s.Can.Conditional && writes(s):
		return "the provider does not check what a write was decided on"
	default:
		return ""
	}
}

// writes reports whether what was last agreed is not what the core wants.
func writes(s Situation) bool {
	return !s.Desired.Present || s.Desired.Content.Differences(s.Link.Base.Sent, s.Desired.Fields) != 0
}
