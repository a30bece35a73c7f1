package sim

import (
	"cmp"
	"fmt"
	"net/http"
)

func (s *Sim) adminSwitches(*http.Request) (int, any, error) {
	return http.StatusOK, s.Switches(), nil
}

func (s *Sim) adminAlternatives(*http.Request) (int, any, error) {
	return http.StatusOK, struct {
		Switches []Alternative `json:"switches"`
	}{Alternatives()}, nil
}

// adminSetSwitches changes the switches that the body names; all others stay.
func (s *Sim) adminSetSwitches(r *http.Request) (int, any, error) {
	var unread error
	err := s.SetSwitches(func(now *Switches) {
		next := *now
		if unread = decode(r, &next); unread == nil {
			*now = next
		}
	})
	return http.StatusOK, s.Switches(), cmp.Or(unread, err)
}

func (s *Sim) adminFaults(*http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{"faults": s.Faults()}, nil
}

func (s *Sim) adminAddFault(r *http.Request) (int, any, error) {
	var f Fault
	if err := decode(r, &f); err != nil {
		return 0, nil, err
	}
	id, err := s.AddFault(f)
	if err != nil {
		return 0, nil, err
	}
	state, _ := s.Fault(id)
	return http.StatusCreated, state, nil
}

func (s *Sim) adminFault(r *http.Request) (int, any, error) {
	state, ok := s.Fault(r.PathValue("id"))
	if !ok {
		return 0, nil, unknownFault(r)
	}
	return http.StatusOK, state, nil
}

func (s *Sim) adminReleaseFault(r *http.Request) (int, any, error) {
	if !s.ReleaseFault(r.PathValue("id")) {
		return 0, nil, unknownFault(r)
	}
	return http.StatusNoContent, nil, nil
}

func (s *Sim) adminRemoveFault(r *http.Request) (int, any, error) {
	if !s.RemoveFault(r.PathValue("id")) {
		return 0, nil, unknownFault(r)
	}
	return http.StatusNoContent, nil, nil
}

func (s *Sim) adminPushFaults(*http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{"push_faults": s.PushFaults()}, nil
}

func (s *Sim) adminAddPushFault(r *http.Request) (int, any, error) {
	var f PushFault
	if err := decode(r, &f); err != nil {
		return 0, nil, err
	}
	var err error
	f.ID, err = s.AddPushFault(f)
	return http.StatusCreated, f, err
}

func (s *Sim) adminReleasePushFault(r *http.Request) (int, any, error) {
	if !s.ReleasePushFault(r.PathValue("id")) {
		return 0, nil, unknownFault(r)
	}
	return http.StatusNoContent, nil, nil
}

func unknownFault(r *http.Request) error {
	return fmt.Errorf("%w: no fault has the id %q", errNotFound, r.PathValue("id"))
}
