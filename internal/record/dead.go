package record

import (
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// DeadLetter is work that was given up until somebody replays it. NotBefore is when that was.
type DeadLetter struct {
	Work
	// BookingID and CalendarID are those of a link's event; empty for other work.
	BookingID  cal.BookingID
	CalendarID cal.CalendarID
}

// DeadFilter chooses dead letters. What is empty chooses all.
type DeadFilter struct {
	Kind task.Kind
	// Reason is a part of what a letter's reason says, in any case.
	Reason string
}

// Quarantined says that the letter's runs ended without a word: a replay runs alone in its process.
func (d DeadLetter) Quarantined() bool { return strings.HasPrefix(d.LastError, QuarantineReason) }

// QuarantineReason is what the reason of quarantined work begins with.
const QuarantineReason = "quarantined: "

// OnReplay says what a replay will do.
func (d DeadLetter) OnReplay() string {
	does, ok := map[task.Kind]string{
		task.LinkPush:     "The event is compared with what the booking says by then, and written only if they differ.",
		task.DeliverySend: "The message is sent again, with the same webhook-id and a schedule of its own.",
	}[d.Kind]
	if !ok {
		does = "The work is done again."
	}
	if d.Quarantined() {
		does += " Since its runs have ended without a word, the next one is alone in its process."
	}
	return does
}
