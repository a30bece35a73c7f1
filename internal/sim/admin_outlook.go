package sim

import "net/http"

// outlookRoutes are what a person can do in Outlook and Entra only.
func (s *Sim) outlookRoutes() map[string]adminHandler {
	const person = "/sim/v1/people/microsoft/{email}"
	const event = person + "/calendars/{calendar}/events/{event}"
	return map[string]adminHandler{
		"POST " + person + "/refuse-tokens": s.adminRefuseTokens,
		"POST " + event + "/relocate":       s.adminRelocate,
	}
}

// adminRefuseTokens takes the number of an AADSTS error; 0 ends the refusals.
func (s *Sim) adminRefuseTokens(r *http.Request) (int, any, error) {
	var ask struct {
		AADSTS int `json:"aadsts"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, s.RefuseTokens(r.PathValue("email"), ask.AADSTS)
}

func (s *Sim) adminRelocate(r *http.Request) (int, any, error) {
	var ask struct {
		Calendar string `json:"calendar"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	e, err := s.Relocate(r.PathValue("email"), r.PathValue("calendar"), r.PathValue("event"), ask.Calendar)
	return http.StatusOK, e, err
}
