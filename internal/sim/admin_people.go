package sim

import (
	"fmt"
	"net/http"
)

// person names whom the path names.
func person(r *http.Request) (Provider, string) {
	return Provider(r.PathValue("provider")), r.PathValue("email")
}

// in names the calendar that the path names.
func in(r *http.Request) In {
	p, email := person(r)
	return In{Provider: p, Email: email, Calendar: r.PathValue("calendar")}
}

func (s *Sim) adminPeople(*http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{"people": s.People()}, nil
}

func (s *Sim) adminSeed(r *http.Request) (int, any, error) {
	var p Person
	if err := decode(r, &p); err != nil {
		return 0, nil, err
	}
	seeded, err := s.Seed(p)
	return http.StatusCreated, seeded, err
}

func (s *Sim) adminToken(r *http.Request) (int, any, error) {
	var ask struct {
		Client string   `json:"client"`
		Scopes []string `json:"scopes"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	p, email := person(r)
	token, err := s.IssueToken(p, email, ask.Client, ask.Scopes...)
	return http.StatusCreated, token, err
}

func (s *Sim) adminRevoke(r *http.Request) (int, any, error) {
	return http.StatusNoContent, nil, s.RevokeGrants(person(r))
}

func (s *Sim) adminExpireAccess(r *http.Request) (int, any, error) {
	return http.StatusNoContent, nil, s.ExpireAccess(person(r))
}

func (s *Sim) adminExpireCursors(r *http.Request) (int, any, error) {
	return http.StatusNoContent, nil, s.ExpireCursors(in(r))
}

func (s *Sim) adminChannels(r *http.Request) (int, any, error) {
	all, err := s.Channels(person(r))
	return http.StatusOK, map[string]any{"channels": all}, err
}

func (s *Sim) adminDropChannel(r *http.Request) (int, any, error) {
	p, email := person(r)
	return http.StatusNoContent, nil, s.DropChannel(p, email, r.PathValue("channel"))
}

func (s *Sim) adminLifecycle(r *http.Request) (int, any, error) {
	var ask struct {
		Event string `json:"event"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	p, email := person(r)
	if p != Microsoft {
		return 0, nil, fmt.Errorf("%w: lifecycle notifications are Microsoft's", ErrInvalid)
	}
	return http.StatusNoContent, nil, s.Lifecycle(email, r.PathValue("channel"), ask.Event)
}

func (s *Sim) adminEvents(r *http.Request) (int, any, error) {
	all, err := s.Events(in(r))
	return http.StatusOK, map[string]any{"events": all}, err
}

func (s *Sim) adminEvent(r *http.Request) (int, any, error) {
	e, err := s.Event(in(r), r.PathValue("event"))
	return http.StatusOK, e, err
}

func (s *Sim) adminCreateEvent(r *http.Request) (int, any, error) {
	var d Draft
	if err := decode(r, &d); err != nil {
		return 0, nil, err
	}
	if d.Start.IsZero() || d.End.IsZero() {
		return 0, nil, fmt.Errorf("%w: an event needs a start and an end", ErrInvalid)
	}
	e, err := s.CreateEvent(in(r), d)
	return http.StatusCreated, e, err
}

func (s *Sim) adminEditEvent(r *http.Request) (int, any, error) {
	var edit Edit
	if err := decode(r, &edit); err != nil {
		return 0, nil, err
	}
	e, err := s.EditEvent(in(r), r.PathValue("event"), edit)
	return http.StatusOK, e, err
}

func (s *Sim) adminRespond(r *http.Request) (int, any, error) {
	var ask struct {
		Response string `json:"response"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, s.Answer(in(r), r.PathValue("event"), ask.Response)
}

// adminSplit changes an occurrence and all that follow, as Google's calendar does.
func (s *Sim) adminSplit(r *http.Request) (int, any, error) {
	var edit Edit
	if err := decode(r, &edit); err != nil {
		return 0, nil, err
	}
	e, err := s.SplitSeries(In{Provider: Google, Email: r.PathValue("email"), Calendar: r.PathValue("calendar")}, r.PathValue("event"), edit)
	return http.StatusCreated, e, err
}

func (s *Sim) adminDeleteEvent(r *http.Request) (int, any, error) {
	q, err := query(r, "notify")
	if err != nil {
		return 0, nil, err
	}
	if v := q.Get("notify"); v != "" && v != "true" && v != "false" {
		return 0, nil, fmt.Errorf("%w: notify is true or false", ErrInvalid)
	}
	return http.StatusNoContent, nil, s.DeleteEvent(in(r), r.PathValue("event"), q.Get("notify") == "true")
}
