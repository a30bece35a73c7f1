package store_test

import (
	"context"
	"maps"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

func requestTrials() []trial {
	return []trial{
		{"request: answered as it was the first time", requestAnswers},
		{"request: the key of something else", requestOther},
		{"request: one attempt at a time, and the next once its time is over", requestTaken},
		{"request: what was carried out is never carried out again", requestUnanswered},
		{"request: given back by an attempt that changed nothing", requestGivenBack},
		{"request: known for a day", requestForgotten},
		{"request: each tenant has keys of its own", requestTenants},
		{"race: a request is claimed once", raceRequest},
		{"race: an attempt whose time is over is replaced once", raceTakeRequest},
	}
}

// asked is a request of that key.
func asked(key string) record.Request {
	return record.Request{Key: key, Fingerprint: []byte("canary fingerprint")}
}

func answered() record.Answer {
	return record.Answer{Status: 201, Header: map[string]string{"Etag": `"1"`}, Body: []byte(`{"secret":"whsec_canary"}`)}
}

// claims asks for a request, and returns the context that it has to be carried out in.
func (w *world) claims(r record.Request, want record.RequestState) (context.Context, record.RequestClaim) {
	w.Helper()
	ctx, c, err := w.ClaimRequest(w.ctx, w.tenant, r)
	w.ok(err)
	same(w.harness, "state of "+r.Key, c.State, want)
	return ctx, c
}

// accepts takes the first version of a booking in the context of a request.
func (w *world) accepts(ctx context.Context, name string) error {
	_, err := w.Accept(ctx, w.tenant, w.booking(cal.BookingID("booking-"+name), 1))
	return err
}

func requestAnswers(h *harness) {
	w := h.newWorld(0)
	ctx, c := w.claims(asked("k"), record.RequestClaimed)
	w.claims(asked("k"), record.RequestElsewhere)
	h.ok(w.accepts(ctx, "a"))
	w.claims(asked("k"), record.RequestElsewhere)
	h.ok(h.SettleRequest(ctx, w.tenant, c, answered()))
	for range 2 {
		h.clock.Advance(11 * time.Hour)
		_, again := w.claims(asked("k"), record.RequestAnswered)
		same(h, "status", again.Answer.Status, 201)
		same(h, "header", maps.Equal(again.Answer.Header, answered().Header), true)
		same(h, "body", string(again.Answer.Body), string(answered().Body))
	}
}

func requestOther(h *harness) {
	w := h.newWorld(0)
	other := record.Request{Key: "k", Fingerprint: []byte("another")}
	ctx, c := w.claims(asked("k"), record.RequestClaimed)
	w.claims(other, record.RequestOther)
	h.ok(w.accepts(ctx, "a"))
	h.ok(h.SettleRequest(h.ctx, w.tenant, c, answered()))
	_, refused := w.claims(other, record.RequestOther)
	same(h, "somebody else's answer", len(refused.Answer.Body), 0)
	h.clock.Advance(2 * time.Minute)
	w.claims(other, record.RequestOther)
	w.claims(record.Request{Key: "l", Fingerprint: []byte("another")}, record.RequestClaimed)
}

func requestTaken(h *harness) {
	w := h.newWorld(0)
	first, lost := w.claims(asked("k"), record.RequestClaimed)
	h.clock.Advance(time.Minute - time.Microsecond)
	w.claims(asked("k"), record.RequestElsewhere)
	h.clock.Advance(time.Microsecond)
	second, c := w.claims(asked("k"), record.RequestClaimed)
	before := h.dump()
	h.fails(w.accepts(first, "a"), record.ErrTaken)
	h.fails(h.SettleRequest(h.ctx, w.tenant, lost, answered()), record.ErrTaken)
	h.ok(h.GiveBackRequest(h.ctx, w.tenant, lost))
	h.unchanged(before)
	h.ok(w.accepts(second, "a"))
	h.ok(w.accepts(second, "b")) // a request may take several transactions
	h.fails(w.accepts(first, "c"), record.ErrTaken)
	h.ok(h.SettleRequest(h.ctx, w.tenant, c, answered()))
	h.fails(w.accepts(second, "c"), record.ErrTaken) // what is answered is over
	same(h, "bookings", h.number(`SELECT COUNT(*) FROM bookings`), 2)
}

func requestUnanswered(h *harness) {
	w := h.newWorld(0)
	ctx, c := w.claims(asked("k"), record.RequestClaimed)
	h.ok(w.accepts(ctx, "a"))
	h.ok(h.GiveBackRequest(h.ctx, w.tenant, c))
	h.clock.Advance(time.Minute - time.Microsecond)
	w.claims(asked("k"), record.RequestElsewhere)
	h.clock.Advance(time.Microsecond)
	w.claims(asked("k"), record.RequestUnanswered)
	h.ok(h.SettleRequest(h.ctx, w.tenant, c, answered())) // late, and nobody was in its place
	w.claims(asked("k"), record.RequestAnswered)
}

func requestGivenBack(h *harness) {
	w := h.newWorld(0)
	given, c := w.claims(asked("k"), record.RequestClaimed)
	h.ok(h.GiveBackRequest(given, w.tenant, c))
	same(h, "requests", h.number(`SELECT COUNT(*) FROM requests`), 0)
	ctx, _ := w.claims(record.Request{Key: "k", Fingerprint: []byte("corrected")}, record.RequestClaimed)
	h.ok(h.GiveBackRequest(h.ctx, w.tenant, c)) // of an attempt that is over
	h.ok(w.accepts(ctx, "a"))
}

func requestForgotten(h *harness) {
	w := h.newWorld(0)
	ctx, c := w.claims(asked("k"), record.RequestClaimed)
	h.ok(w.accepts(ctx, "a"))
	h.ok(h.SettleRequest(h.ctx, w.tenant, c, answered()))
	h.clock.Advance(day - time.Microsecond)
	w.claims(asked("k"), record.RequestAnswered)
	h.clock.Advance(time.Microsecond)
	w.claims(record.Request{Key: "k", Fingerprint: []byte("something new")}, record.RequestClaimed)

	w.claims(asked("late"), record.RequestClaimed)
	h.clock.Advance(day - 30*time.Second)
	_, taken := w.claims(asked("late"), record.RequestClaimed)
	h.clock.Advance(30 * time.Second)
	w.claims(asked("late"), record.RequestElsewhere) // whoever carries it out is not forgotten meanwhile
	h.ok(h.SettleRequest(h.ctx, w.tenant, taken, answered()))
}

func requestTenants(h *harness) {
	a, b := h.newWorld(0), h.newWorld(0)
	ctx, c := a.claims(asked("k"), record.RequestClaimed)
	h.ok(a.accepts(ctx, "a"))
	h.ok(h.SettleRequest(h.ctx, a.tenant, c, answered()))
	b.claims(asked("k"), record.RequestClaimed)
	_, again := a.claims(asked("k"), record.RequestAnswered)
	same(h, "status", again.Answer.Status, 201)
}

func raceRequest(h *harness) {
	w := h.newWorld(0)
	h.oneWins(race(racers, func(int) error {
		_, c, err := h.ClaimRequest(h.ctx, w.tenant, asked("k"))
		if err == nil && c.State != record.RequestClaimed {
			return errLost
		}
		return err
	}), errLost)
	same(h, "requests", h.number(`SELECT COUNT(*) FROM requests`), 1)
}

func raceTakeRequest(h *harness) {
	w := h.newWorld(0)
	w.claims(asked("k"), record.RequestClaimed)
	h.clock.Advance(time.Minute)
	h.oneWins(race(racers, func(int) error {
		ctx, c, err := h.ClaimRequest(h.ctx, w.tenant, asked("k"))
		if err != nil || c.State != record.RequestClaimed {
			return errLost
		}
		return w.accepts(ctx, "a")
	}), errLost)
	same(h, "bookings", h.number(`SELECT COUNT(*) FROM bookings`), 1)
}
