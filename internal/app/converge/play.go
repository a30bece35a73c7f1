package converge

import (
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// Outcome is what came of a history.
type Outcome struct {
	// Violations are the laws that were broken; none is what there should be.
	Violations []string
	// Trace says what each actor did.
	Trace []string
}

// String is the trace with what was violated below it.
func (o Outcome) String() string {
	return strings.Join(o.Trace, "\n") + "\n!! " + strings.Join(o.Violations, "\n!! ")
}

// player plays one history.
type player struct {
	World
	About
	out    Outcome
	ledger *ledger
	// specs are the versions that bookings were last accepted in.
	specs map[cal.BookingID]*booked
	// closed are the sites whose account is disconnected.
	closed map[int]bool
	// rests are the series that persons have made of what followed in one of calweave's, as they were made.
	rests map[cal.CalendarID]map[cal.EventID]rest
	// unique numbers what persons write.
	unique int
	// frozen says that a call is frozen, so that the next one is not.
	frozen bool
	// calm says that the history is over.
	calm bool
	// counted is how many effects of each site have been looked at.
	counted map[int]int
}

// booked is what the core knows of one of its bookings.
type booked struct {
	spec cal.Booking
	// mails says that some version asked for mails, or that an operator has allowed them.
	mails, cancelled bool
}

// failed is what ends a history: the laws cannot even be checked.
type failed struct{ error }

// Play carries a script out and checks the laws.
func Play(w World, s Script) (out Outcome) {
	p := &player{
		World: w, About: w.About(), specs: map[cal.BookingID]*booked{}, closed: map[int]bool{}, counted: map[int]int{}, rests: map[cal.CalendarID]map[cal.EventID]rest{},
	}
	p.ledger = newLedger()
	defer func() {
		if v := recover(); v != nil {
			end, ok := v.(failed)
			if !ok {
				panic(v)
			}
			p.violate("the history cannot go on: %v", end.error)
		}
		out = p.out
	}()
	p.policies(s.Setting)
	for _, step := range s.Steps {
		p.revive()
		p.does(step)
		p.watchEffects()
	}
	p.quiesce()
	p.check()
	if len(p.out.Violations) == 0 {
		p.secondPass()
	}
	return p.out
}

func (p *player) note(format string, args ...any) {
	p.out.Trace = append(p.out.Trace, p.Clock.Now().UTC().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (p *player) violate(format string, args ...any) {
	p.out.Violations = append(p.out.Violations, fmt.Sprintf(format, args...))
}

func (p *player) must(err error) {
	if err != nil {
		panic(failed{err})
	}
}

// tries makes a call of the store that may meet the end of the process, and reports whether it was made.
func (p *player) tries(what string, call func() error) bool {
	for range 5 {
		p.revive()
		err := call()
		if err == nil {
			return true
		}
		if !p.Dead() {
			p.note("%s: %v", what, err)
			return false
		}
	}
	return false
}

// revive starts another process if there is none.
func (p *player) revive() {
	if !p.Dead() {
		return
	}
	p.note("the process has ended; another one starts")
	p.must(p.Restart())
}

// bookings are all bookings as the store knows them.
func (p *player) bookings() []record.Booking {
	p.revive()
	var out []record.Booking
	for _, id := range ids() {
		if p.specs[id] == nil {
			continue
		}
		var b record.Booking
		if p.tries("read "+string(id), func() (err error) {
			b, err = p.App().Store.Booking(p.Ctx, p.Tenant, id)
			return err
		}) {
			out = append(out, b)
		}
	}
	return out
}

func ids() []cal.BookingID { return []cal.BookingID{"b0", "b1", "b2"} }

// The steps.
const (
	opBook byte = iota
	opCancel
	opDecide
	opMove
	opEdit
	opDelete
	opPush
	opWork
	opWorkAll
	opAgain
	opFault
	opFreeze
	opCrash
	opClock
	opAccount
	opPolicy
	opOperator
	opCursors
	opFlush
)

// weighted are the steps, the frequent ones more than once.
func weighted() []byte {
	return []byte{
		opBook, opBook, opBook, opBook, opCancel, opDecide, opMove, opMove, opEdit, opEdit, opDelete, opPush, opPush, opPush, opWork, opWork, opWork,
		opWorkAll, opWorkAll, opWorkAll, opAgain, opFault, opFault, opFreeze, opCrash, opClock, opClock, opAccount, opPolicy, opOperator, opCursors, opFlush,
	}
}

// actors are what each step does.
func (p *player) actors() []func(Step) {
	return []func(Step){
		opBook: p.book, opCancel: p.cancel, opDecide: p.decide, opMove: p.move, opEdit: p.edit, opDelete: p.remove, opPush: p.push, opWork: p.someWork,
		opWorkAll: func(Step) { p.allWork() }, opAgain: p.workTwice, opFault: p.fault, opFreeze: p.freeze, opCrash: p.crash, opClock: p.moveClock,
		opAccount: p.account, opPolicy: p.policies, opOperator: func(s Step) { p.operate(s.A%3 > 0) }, opCursors: p.cursors, opFlush: func(Step) { p.flush() },
	}
}

func (p *player) does(s Step) {
	all := p.actors()
	all[int(s.Op)%len(all)](s)
	p.Clock.Advance(time.Millisecond)
}
