package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
)

// Would is what the reconciler would do about a link if it looked at its event now.
type Would string

// What it would do.
const (
	// WouldNothing: the event shows what is wanted, or is gone as wanted.
	WouldNothing Would = "nothing"
	// WouldAwaitCore: a person's change was reported, and the core has yet to decide.
	WouldAwaitCore Would = "await_core"
	// WouldCreate, WouldPush and WouldDelete write to the provider: a new event, fields of the event, its removal.
	WouldCreate Would = "create"
	WouldPush   Would = "push"
	WouldDelete Would = "delete"
	// WouldAdopt takes what the event shows for the answer to a write that was never answered.
	WouldAdopt Would = "adopt"
	// WouldReport tells the core of a person's change.
	WouldReport Would = "report"
	// WouldSettle records that the event is gone, as wanted.
	WouldSettle Would = "settle"
	// WouldHold holds a write for an operator, who has to approve it.
	WouldHold Would = "hold"
	// WouldLookAgain looks once more at an event that was not found, before it is given up for deleted.
	WouldLookAgain Would = "look_again"
	// WouldFail: the event cannot be looked at.
	WouldFail Would = "fail"
)

// Woulds returns all that the reconciler may do.
func Woulds() []Would {
	return []Would{
		WouldNothing, WouldAwaitCore, WouldCreate, WouldPush, WouldDelete, WouldAdopt, WouldReport, WouldSettle, WouldHold, WouldLookAgain, WouldFail,
	}
}

// Verdict says whether a link and its event agree.
type Verdict string

// The verdicts.
const (
	// Agreed: there is nothing to do, or the core knows what there is and has yet to decide.
	Agreed Verdict = "agreed"
	// Pending: something is to be done, and work that is under way or waits for its time will do it.
	Pending Verdict = "pending"
	// Drifted: something is to be done, and nothing that is under way will do it.
	Drifted Verdict = "drift"
	// Unreachable: nobody can tell.
	Unreachable Verdict = "unreachable"
)

// AuditFilter chooses links. What is empty chooses all.
type AuditFilter struct {
	Connection cal.ConnectionID
	Calendar   cal.CalendarID
	Booking    cal.BookingID
}

// AuditedLink is a link as a drift audit finds it in the store, with the work that serves it.
type AuditedLink struct {
	ID           cal.LinkID
	BookingID    cal.BookingID
	CalendarID   cal.CalendarID
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	State        LinkState
	// ChangedAt is when the link was last written.
	ChangedAt time.Time
	Work      AuditedWork
}

// AuditedWork is what becomes of a link without anybody's doing. The zero value is no work at all.
type AuditedWork struct {
	// State is empty when nothing is wanted of the link.
	State   WorkState
	HeldFor HeldFor
	// NotBefore is when it comes due; of dead work, when it was given up.
	NotBefore time.Time
	Reason    string
}

// Underway reports whether work will be done by itself.
func (w AuditedWork) Underway() bool { return w.State == Ready }

// Finding is what an audit says about one link. It names fields and states, and holds nothing of what stands in them.
type Finding struct {
	AuditedLink

	Would   Would
	Verdict Verdict
	// Fields are what would be written, Person what a person has changed that the core has not decided about.
	Fields, Person cal.Fields
	// By says of each field that shows something else than the core wants whose doing that is.
	By map[string]string
	// Messages are what the core would be told.
	Messages []message.Type
	// Why is the reconciler's own reason or, when the event cannot be looked at, the failure.
	Why string
	// Fault is the kind of that failure; empty for none.
	Fault fault.Kind
}

// Judge sets the verdict that follows from what would be done and from what is under way.
func (f *Finding) Judge() {
	switch {
	case f.Would == WouldFail:
		f.Verdict = Unreachable
	case f.Would == WouldNothing, f.Would == WouldAwaitCore:
		f.Verdict = Agreed
	case f.Work.Underway():
		f.Verdict = Pending
	default:
		f.Verdict = Drifted
	}
}

// Lease is what an audit looks at the link with. It is none that the work table knows, so that nothing can be written under it.
func (l AuditedLink) Lease(tenant cal.TenantID, until time.Time) Lease {
	return Lease{
		Ref: task.Ref{Tenant: tenant, Kind: task.LinkPush, Subject: string(l.ID)}, Lane: task.Bulk, ConnectionID: l.ConnectionID, Until: until,
	}
}

// DriftAudit is how far the audit of a calendar has come.
type DriftAudit struct {
	Calendar Calendar
	// After is the last link that was looked at; empty at the beginning of an audit.
	After cal.LinkID
	// Links were looked at since StartedAt; Drifted and Unreachable are how many of them have that verdict.
	Links, Drifted, Unreachable int64
	StartedAt                   time.Time
	// FinishedAt is when the last whole audit ended; zero before the first.
	FinishedAt time.Time
}

// Count adds what was found.
func (a *DriftAudit) Count(found []Finding) {
	for _, f := range found {
		a.Links, a.After = a.Links+1, f.ID
		switch f.Verdict { //nolint:exhaustive // the others are well
		case Drifted:
			a.Drifted++
		case Unreachable:
			a.Unreachable++
		}
	}
}

// AuditReport is what one run of an audit writes, in one transaction with its outcome. It never touches a link.
type AuditReport struct {
	Audit DriftAudit
	Found []Finding
	// Whole says that the audit has come to its end.
	Whole   bool
	Outcome Outcome
}

// Drift is a link that an audit has found in disagreement with its event.
type Drift struct {
	LinkID     cal.LinkID
	BookingID  cal.BookingID
	CalendarID cal.CalendarID
	Would      Would
	// Fields are the names of what would be written, Person of what a person has changed.
	Fields, Person []string
	Why            string
	FoundAt        time.Time
	SeenAt         time.Time
}
