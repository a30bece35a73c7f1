package microsoft

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// maxCalendars bounds what one mailbox can be made to hold. Not documented: no client comes near it.
const maxCalendars = 10_000

// colours are the words of https://learn.microsoft.com/graph/api/resources/calendar#properties.
func colours() []string {
	return []string{
		"auto", "lightBlue", "lightGreen", "lightOrange", "lightGray", "lightYellow", "lightTeal", "lightPink", "lightBrown", "lightRed",
		"maxColor",
	}
}

// calendarWish is what a client may write of a calendar; nil is what it does not say.
type calendarWish struct {
	Name      *string `json:"name"`
	Color     *string `json:"color"`
	IsDefault *bool   `json:"isDefaultCalendar"`
}

// calendarHas reports whether a client may send the property. What is not in calendarWish is read only, and not looked at.
func calendarHas(name string) bool {
	return strings.Contains(name, "@") || slices.Contains([]string{
		"name", "color", "isDefaultCalendar", "id", "changeKey", "owner", "canEdit", "canShare", "canViewPrivateItems", "isRemovable",
		"isTallyingResponses", "hexColor", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider",
	}, name)
}

func parseCalendar(c *call) (calendarWish, error) {
	var w calendarWish
	doc, err := c.document()
	if err != nil {
		return w, err
	}
	for name := range doc {
		if !calendarHas(name) {
			return w, badRequest("RequestBodyRead", "The property '"+name+"' does not exist on type 'microsoft.graph.calendar'. Make sure to only use property names that are defined by the type.")
		}
	}
	raw, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(raw, &w)
	}
	switch {
	case err != nil:
		return w, badRequest("RequestBodyRead", "The properties of the calendar cannot be read.")
	case w.Color != nil && !slices.Contains(colours(), *w.Color):
		return w, badRequest("RequestBodyRead", "Requested value '"+*w.Color+"' was not found.")
	case w.Name != nil && strings.TrimSpace(*w.Name) == "":
		return w, badRequest("ErrorInvalidRequest", "The name of the calendar is empty.")
	case w.IsDefault != nil:
		return w, notSimulated("another default calendar")
	}
	return w, nil
}

// createCalendar serves https://learn.microsoft.com/graph/api/user-post-calendars.
func (s *Server) createCalendar(c *call) (answer, error) {
	w, err := parseCalendar(c)
	if err != nil {
		return answer{}, err
	}
	if w.Name == nil {
		return answer{}, badRequest("ErrorInvalidRequest", "The calendar needs a name.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	if err := m.nameable(*w.Name, nil); err != nil {
		return answer{}, err
	}
	if len(m.calendars) >= maxCalendars {
		return answer{}, badRequest("ErrorInvalidRequest", "The simulator takes no further calendars for this mailbox.")
	}
	if err := s.addCalendar(m, stage.Calendar{Name: *w.Name}); err != nil {
		return answer{}, err
	}
	cal := m.calendars[len(m.calendars)-1]
	if w.Color != nil {
		cal.color = *w.Color
	}
	s.world.Signal.Raise()
	a, err := m.showCalendar(c, cal)
	a.status = http.StatusCreated
	a.location = base(c.r) + "/users('" + m.oid + "')/calendars('" + url.PathEscape(cal.id) + "')"
	return a, err
}

// nameable refuses a name that another calendar of the mailbox has. Not documented: these are Exchange's words for folders. s.mu is held.
func (m *mailbox) nameable(name string, cal *calendar) error {
	if slices.ContainsFunc(m.calendars, func(o *calendar) bool { return o != cal && strings.EqualFold(o.name, name) }) {
		return failed(http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
	}
	return nil
}

// updateCalendar serves https://learn.microsoft.com/graph/api/calendar-update.
func (s *Server) updateCalendar(c *call) (answer, error) {
	w, err := parseCalendar(c)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, cal, err := s.place(c)
	if err != nil {
		return answer{}, err
	}
	if w.Name != nil {
		if err := m.nameable(*w.Name, cal); err != nil {
			return answer{}, err
		}
		cal.name = *w.Name
	}
	if w.Color != nil {
		cal.color = *w.Color
	}
	cal.changeKey = s.world.IDs.Base64(16)
	s.world.Signal.Raise()
	return m.showCalendar(c, cal)
}

// deleteCalendar serves https://learn.microsoft.com/graph/api/calendar-delete. What is in the calendar goes with it; guests are not told.
// Not documented: the refusal to delete the default calendar, which is Exchange's for every folder that has to be there, and that subscriptions
// on the calendar fall silent.
func (s *Server) deleteCalendar(c *call) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, cal, err := s.place(c)
	if err != nil {
		return answer{}, err
	}
	if cal.isDefault {
		return answer{}, badRequest("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
	}
	for id, e := range m.events {
		if e.calendar == cal.id && !e.deleted {
			gone := *e
			gone.deleted = true
			m.events[id] = &gone
		}
	}
	for _, sub := range s.onCalendar(m, cal.id) {
		s.drop(sub)
	}
	m.calendars = slices.DeleteFunc(slices.Clone(m.calendars), func(o *calendar) bool { return o == cal })
	s.world.Signal.Raise()
	return answer{status: http.StatusNoContent}, nil
}
