package sim

import "net/http"

func (s *Sim) adminClock(*http.Request) (int, any, error) {
	return http.StatusOK, s.Clock(), nil
}

func (s *Sim) adminSetClock(r *http.Request) (int, any, error) {
	var change ClockChange
	if err := decode(r, &change); err != nil {
		return 0, nil, err
	}
	now, err := s.SetClock(change)
	return http.StatusOK, now, err
}

func (s *Sim) adminForge(r *http.Request) (int, any, error) {
	var f Forged
	if err := decode(r, &f); err != nil {
		return 0, nil, err
	}
	n, err := s.ForgePush(f)
	return http.StatusCreated, map[string]uint64{"n": n}, err
}
