package providertest

import (
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func writeCases() []Case {
	return []Case{
		{"create/what is stored", nil, creates},
		{"create/once per key", nil, onePerKey},
		{"create/an answer is lost", nil, createLost},
		{"create/an answer is lost for ten minutes", nil, createInTime},
		{"create/an answer is lost for a day", nil, createLate},
		{"update/no more than asked", nil, updates},
		{"update/on an older state", nil, stale},
		{"update/guests stay", nil, guestsStay},
		{"update/what calweave does not write stays", nil, decorationsStay},
		{"delete/once", nil, deletes},
		{"delete/what a person deleted", nil, deleted},
		{"create/a person deleted it", nil, createDeleted},
		{"create/an answer is lost, and a person deleted it", nil, createLostDeleted},
		{"find/by key", []provider.Capability{provider.CanFind}, finds},
		{"mail/nobody is mailed", []provider.Capability{provider.CanBeQuiet}, nobodyIsMailed},
		{"mail/who is to be mailed is", nil, guestsAreMailed},
		{"calendars/what the account sees", nil, calendars},
	}
}

func (r *Run) create(key cal.Key, c cal.Content) provider.CreateEvent {
	return provider.CreateEvent{Calendar: r.Calendar, Key: key, Content: c, Fields: cal.AllFields, Notify: cal.NotifyNone}
}

// booked makes an event as the engine does.
func (r *Run) booked(title string) cal.Event {
	r.t.Helper()
	made, err := r.Client.CreateEvent(r.t.Context(), r.create(r.key(), content(title)))
	r.must("create", err)
	return made.Event
}

func creates(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(made.Event.ID))
	r.must("read", err)
	for what, e := range map[string]cal.Event{"the answer": made.Event, "what is read": read} {
		if e.Content.Differences(content("Intro call"), cal.AllFields) != 0 || e.Stamp != key.String() || e.ETag == "" || e.Gone() {
			t.Errorf("%s is %+v", what, e)
		}
	}
	if made.Adopted {
		t.Errorf("it is new and called adopted")
	}
	shown := r.Person.Standing()
	if len(shown) != 1 || shown[0].Title != "Intro call" || !shown[0].Start.Equal(noon()) {
		t.Errorf("the person sees %+v", shown)
	}
}

func onePerKey(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Another title")))
	r.must("create again", err)
	if again.Event.ID != made.Event.ID || !again.Adopted || again.Event.Content.Title != "Intro call" || again.Event.Stamp != key.String() {
		t.Errorf("the second is %+v", again)
	}
	if shown := r.Person.Standing(); len(shown) != 1 {
		t.Errorf("%d events stand", len(shown))
	}
	if other := r.booked("Another"); other.ID == made.Event.ID {
		t.Errorf("another key makes no other event")
	}
}

func createLost(t T, r *Run) { createAfter(t, r, 0) }

func createInTime(t T, r *Run) { createAfter(t, r, 10*time.Minute) }

// createLate tries again after longer than a provider may remember an idempotency key.
func createLate(t T, r *Run) { createAfter(t, r, 24*time.Hour) }

func createAfter(t T, r *Run, pause time.Duration) {
	key := r.key()
	r.Wire.Harm(Creating, LostAnswer, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.wants("the lost answer", err, fault.Transient)
	r.Pass(pause)
	var id cal.EventID
	if finder, ok := r.Client.(provider.EventFinder); ok && pause > 0 { // what the engine does where a key is not for good
		found, err := finder.FindEvent(t.Context(), r.Calendar, key)
		r.must("find", err)
		id = found.ID
	} else {
		made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
		r.must("create again", err)
		id = made.Event.ID
	}
	if shown := ids(r.Person.Standing()); !slices.Equal(shown, []cal.EventID{id}) {
		t.Errorf("%v stand, and %s is what we know", shown, id)
	}
}

// update asks for a change of the fields, on the state that e shows.
func (r *Run) update(e cal.Event, c cal.Content, fields cal.Fields) provider.UpdateEvent {
	return provider.UpdateEvent{Ref: r.ref(e.ID), ETag: e.ETag, Content: c, Fields: fields, Notify: cal.NotifyNone}
}

func updates(t T, r *Run) {
	next := content("Second title")
	next.Description, next.Location = "Other words", ""
	next.Slot.Start.Instant, next.Slot.End.Instant = noon().Add(time.Hour), noon().Add(2*time.Hour)
	for _, fields := range []cal.Fields{
		cal.Fields(cal.FieldTitle), cal.Fields(cal.FieldDescription), cal.Fields(cal.FieldLocation), cal.Fields(cal.FieldSlot),
		cal.Fields(cal.FieldTitle | cal.FieldSlot),
	} {
		e := r.booked("Intro call")
		got, err := r.Client.UpdateEvent(t.Context(), r.update(e, next, fields))
		r.must("update", err)
		want := content("Intro call").Overlay(next, fields)
		read, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
		r.must("read", err)
		for what, got := range map[string]cal.Event{"the answer": got, "what is read": read} {
			stamped := got.Stamp == e.Stamp || what == "the answer" && got.Stamp == "" // which providers may leave out
			if got.Content.Differences(want, cal.AllFields) != 0 || !stamped || got.ETag == e.ETag || got.ETag == "" {
				t.Errorf("%v: %s is %+v", fields.Names(), what, got)
			}
		}
	}
}

// stale updates what a person has changed meanwhile. Where the provider is no help, the engine reads and compares for itself, and what is left to
// want is that one call does all or nothing, and no more than it was asked.
func stale(t T, r *Run) {
	e := r.booked("Intro call")
	title := "edited"
	r.Person.Edit(e.ID, Edit{Title: &title})
	next := content("Second title")
	next.Location = "Room 5"
	_, err := r.Client.UpdateEvent(t.Context(), r.update(e, next, cal.Fields(cal.FieldLocation)))
	want := content(title)
	if !provider.CanCondition.Claims(r.Driver, r.Client) && err == nil {
		want.Location = next.Location
	} else {
		r.wants("an update of an older state", err, fault.Conflict)
	}
	now, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
	r.must("read", err)
	if d := now.Content.Differences(want, cal.AllFields); d != 0 {
		t.Errorf("what the person wrote differs in %v from %+v", d.Names(), now.Content)
	}
	err = r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
	if provider.CanCondition.Claims(r.Driver, r.Client) || err != nil {
		r.wants("a deletion of an older state", err, fault.Conflict)
	}
	if shown := r.Person.Standing(); (err == nil) != (len(shown) == 0) {
		t.Errorf("after a deletion that says %v, %+v stand", err, shown)
	}
}

func decorationsStay(t T, r *Run) {
	if r.Decorate == nil {
		t.Skipf("%s has nothing that calweave does not write", r.Driver.Name())
	}
	e := r.booked("Intro call")
	lost := r.Decorate(e.ID)
	now, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
	r.must("read", err)
	next := content("Second title")
	next.Description, next.Location = "Other words", "Room 5"
	next.Slot.Start.Instant, next.Slot.End.Instant = noon().Add(time.Hour), noon().Add(2*time.Hour)
	got, err := r.Client.UpdateEvent(t.Context(), r.update(now, next, cal.AllFields&^cal.Fields(cal.FieldAttendees)))
	r.must("update", err)
	if got.Content.Title != next.Title || !got.Content.Slot.Equal(next.Slot) {
		t.Errorf("the update comes to %+v", got.Content)
	}
	for _, what := range lost() {
		t.Errorf("lost by an update: %s", what)
	}
}

// deleted acts on an event that a person has deleted: nothing brings it back, and nothing says that it stands.
func deleted(t T, r *Run) {
	e, kept := r.booked("Intro call"), r.booked("Another")
	r.Person.Delete(e.ID)
	if now, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID)); err == nil && !now.Gone() || err != nil && !missing(err) {
		t.Errorf("read: %+v, %v", now, err)
	}
	for _, etag := range []string{e.ETag, ""} {
		update := r.update(e, content("Second title"), cal.Fields(cal.FieldTitle))
		update.ETag = etag
		if got, err := r.Client.UpdateEvent(t.Context(), update); err == nil && !got.Gone() || err != nil && !missing(err) && !fault.Is(err, fault.Conflict) {
			t.Errorf("update: %+v, %v", got, err)
		}
		if err := r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: etag}); !missing(err) && !fault.Is(err, fault.Conflict) {
			t.Errorf("delete: %v", err)
		}
	}
	if shown := ids(r.Person.Standing()); !slices.Equal(shown, []cal.EventID{kept.ID}) {
		t.Errorf("%v stand", shown)
	}
}

// missing reports whether an error says that an event is not there, proven or not.
func missing(err error) bool { return fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) }

func calendars(t T, r *Run) {
	all, err := r.Client.Calendars(t.Context())
	r.must("calendars", err)
	i := slices.IndexFunc(all, func(c cal.Calendar) bool { return c.ID == r.Calendar })
	if i < 0 || !all[i].Primary || !all[i].Writable || !strings.EqualFold(all[i].Owner, r.Email) {
		t.Errorf("%s is not the writable primary calendar of %s among %+v", r.Calendar, r.Email, all)
	}
	for i, c := range all {
		if c.ID == "" || slices.ContainsFunc(all[:i], func(o cal.Calendar) bool { return o.ID == c.ID }) {
			t.Errorf("calendar %q is listed twice, or is none", c.ID)
		}
	}
}

func guestsStay(t T, r *Run) {
	e := r.booked("Intro call")
	const other = "other@elsewhere.example"
	r.Person.Edit(e.ID, Edit{Guests: []string{Guest, other}})
	r.Person.Answer(e.ID)
	now, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
	r.must("read", err)
	got, err := r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{
		Ref: r.ref(e.ID), ETag: now.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle),
		Invite: []cal.Attendee{{Email: "new@elsewhere.example"}}, Uninvite: []string{other}, Notify: cal.NotifyAll,
	})
	r.must("update", err)
	answers := map[string]cal.Response{}
	for _, a := range got.Content.Attendees {
		answers[a.Email] = a.Response
	}
	if _, invited := answers["new@elsewhere.example"]; len(answers) != 2 || answers[Guest] != cal.ResponseAccepted || !invited {
		t.Errorf("the guests are %+v", got.Content.Attendees)
	}
}

func deletes(t T, r *Run) {
	e, kept := r.booked("Intro call"), r.booked("Another")
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag}))
	err := r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
	if !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted again: %v", err)
	}
	if shown := ids(r.Person.Standing()); !slices.Equal(shown, []cal.EventID{kept.ID}) {
		t.Errorf("%v stand", shown)
	}
}

// createDeleted creates under a key whose event a person has deleted: it is told as such, or it is new, but never as standing when it does not.
func createDeleted(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	r.Person.Delete(made.Event.ID)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	shown := ids(r.Person.Standing())
	switch {
	case err != nil:
		if f, ok := fault.As(err); !ok || f.Existing == "" {
			t.Errorf("the key of a deleted event: %v", err)
		}
	case again.Event.Gone():
		if !again.Adopted || len(shown) > 0 {
			t.Errorf("a deleted event is %+v, and %v stand", again, shown)
		}
	default:
		if again.Adopted || !slices.Equal(shown, []cal.EventID{again.Event.ID}) {
			t.Errorf("%+v is said to stand, and %v do", again, shown)
		}
	}
}

// createLostDeleted never hears that its event was made, and a person deletes it: whatever the next try is told, nothing stands twice, and nothing
// stands that is not known.
func createLostDeleted(t T, r *Run) {
	key := r.key()
	r.Wire.Harm(Creating, LostAnswer, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.wants("the lost answer", err, fault.Transient)
	r.Person.Delete(r.Person.Standing()[0].ID)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	shown := ids(r.Person.Standing())
	if f, ok := fault.As(err); ok && f.Existing == "" {
		t.Errorf("the key of a deleted event: %v", err)
	}
	if err == nil && !again.Event.Gone() && !slices.Equal(shown, []cal.EventID{again.Event.ID}) || (err != nil || again.Event.Gone()) && len(shown) > 0 {
		t.Errorf("%+v, %v, and %v stand", again, err, shown)
	}
}

func finds(t T, r *Run) {
	finder := r.Client.(provider.EventFinder) //nolint:forcetypeassert // the case needs it
	key, other := r.key(), r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	r.made(2)
	found, err := finder.FindEvent(t.Context(), r.Calendar, key)
	r.must("find", err)
	if found.ID != made.Event.ID || found.Stamp != key.String() || found.Content.Differences(content("Intro call"), cal.AllFields) != 0 {
		t.Errorf("found is %+v", found)
	}
	_, err = finder.FindEvent(t.Context(), r.Calendar, other)
	r.wants("a key that nobody used", err, fault.NotFound)
	r.Person.Delete(made.Event.ID)
	if again, err := finder.FindEvent(t.Context(), r.Calendar, key); !fault.Is(err, fault.NotFound) && !again.Gone() {
		t.Errorf("the deleted one: %+v, %v", again, err)
	}
}

// guestsAreMailed wants those to hear of it who are to.
func guestsAreMailed(t T, r *Run) {
	c := content("Intro call")
	c.Attendees = []cal.Attendee{{Email: Guest}}
	req := r.create(r.key(), c)
	req.Notify = cal.NotifyAll
	_, err := r.Client.CreateEvent(t.Context(), req)
	r.must("create", err)
	if r.Mails() == 0 {
		t.Errorf("the guest is not mailed")
	}
}

func nobodyIsMailed(t T, r *Run) {
	c := content("Intro call")
	c.Attendees = []cal.Attendee{{Email: Guest}, {Email: "other@elsewhere.example"}}
	made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), c))
	r.must("create", err)
	got, err := r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{
		Ref: r.ref(made.Event.ID), ETag: made.Event.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyNone,
	})
	r.must("update", err)
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(got.ID), ETag: got.ETag, Notify: cal.NotifyNone}))
	if n := r.Mails(); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}
