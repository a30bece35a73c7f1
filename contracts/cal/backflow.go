package cal

import "cmp"

// Stance says what becomes of a kind of change that a person makes to a booked event.
type Stance string

// The stances. The default is StanceReport.
const (
	// StanceReport leaves the event as the person made it until the core decides.
	StanceReport Stance = "report"
	// StanceAccept makes the booking what the person made of its event.
	StanceAccept Stance = "accept"
	// StanceEnforce makes the event again what the booking says.
	StanceEnforce Stance = "enforce"
)

// Change is a kind of change that a person makes to a booked event.
type Change string

// The kinds.
const (
	// ChangeMoved is another start or end.
	ChangeMoved Change = "moved"
	// ChangeEdited is another title, description or location, or other guests.
	ChangeEdited Change = "edited"
	// ChangeCancelled is the deletion of the event, or its cancellation.
	ChangeCancelled Change = "cancelled"
)

// Changes are the kinds of changes that an event survives, in the order in which they are decided about.
func Changes() []Change { return []Change{ChangeMoved, ChangeEdited} }

// Fields are those that a change of the kind is in; none for ChangeCancelled, which leaves no event.
func (c Change) Fields() Fields {
	switch c {
	case ChangeMoved:
		return ShapeFields
	case ChangeEdited:
		return AllFields &^ ShapeFields
	case ChangeCancelled:
		return 0
	default:
		return 0
	}
}

// Backflow is the policy about what persons do to booked events: a stance for each kind of change. An empty one leaves the word to who is asked next.
type Backflow struct {
	Moved     Stance `json:"moved,omitempty"`
	Cancelled Stance `json:"cancelled,omitempty"`
	Edited    Stance `json:"edited,omitempty"`
}

// On is the stance on a kind of change; empty where nothing is said.
func (b Backflow) On(c Change) Stance {
	switch c {
	case ChangeMoved:
		return b.Moved
	case ChangeCancelled:
		return b.Cancelled
	case ChangeEdited:
		return b.Edited
	default:
		return ""
	}
}

// Over is b, completed by what below says.
func (b Backflow) Over(below Backflow) Backflow {
	return Backflow{Moved: cmp.Or(b.Moved, below.Moved), Cancelled: cmp.Or(b.Cancelled, below.Cancelled), Edited: cmp.Or(b.Edited, below.Edited)}
}

// DefaultBackflow reports everything.
func DefaultBackflow() Backflow {
	return Backflow{Moved: StanceReport, Cancelled: StanceReport, Edited: StanceReport}
}
