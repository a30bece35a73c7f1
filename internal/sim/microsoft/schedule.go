package microsoft

import (
	"encoding/json"
	"strings"
	"time"
)

const (
	// maxScheduleDays and maxScheduleItems bound a free/busy request and what one mailbox may answer
	// (https://learn.microsoft.com/graph/outlook-get-free-busy-schedule).
	maxScheduleDays  = 62
	maxScheduleItems = 1000
)

// scheduleWish is the body of getSchedule. The names of its members have no case.
type scheduleWish struct {
	Schedules []string        `json:"schedules"`
	Start     json.RawMessage `json:"startTime"`
	End       json.RawMessage `json:"endTime"`
	Interval  *int            `json:"availabilityViewInterval"`

	from, to time.Time
	step     time.Duration
}

// getSchedule serves https://learn.microsoft.com/graph/api/calendar-getschedule: the free/busy times of several people at once.
func (s *Server) getSchedule(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	w, err := s.parseSchedule(doc)
	if err != nil {
		return answer{}, err
	}
	zone, in, err := s.shownZone(c.prefer.zone)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	v := scheduleView{zone: zone, in: in, zulu: s.world.Switches().Microsoft.ScheduleSuffix}
	value := make([]any, 0, len(w.Schedules))
	for _, id := range w.Schedules {
		value = append(value, s.schedule(m, id, w, v))
	}
	return answer{body: map[string]any{"@odata.context": base(c.r) + "/$metadata#Collection(microsoft.graph.scheduleInformation)", "value": value}}, nil
}

func (s *Server) parseSchedule(doc map[string]json.RawMessage) (scheduleWish, error) {
	var w scheduleWish
	raw, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(raw, &w)
	}
	if err != nil {
		return w, badRequest("RequestBodyRead", "The parameters of getSchedule cannot be read.")
	}
	start, err := s.parseWhen(w.Start, "startTime")
	if err != nil {
		return w, err
	}
	end, err := s.parseWhen(w.End, "endTime")
	if err != nil {
		return w, err
	}
	w.from, w.to, w.step = start.at, end.at, 30*time.Minute
	if w.Interval != nil {
		w.step = time.Duration(*w.Interval) * time.Minute
	}
	return w, w.check(s.world.Switches().Microsoft.MaxSchedules)
}

func (w scheduleWish) check(most int) error {
	switch span := w.to.Sub(w.from); {
	case len(w.Schedules) == 0:
		return badRequest("ErrorInvalidParameter", "The value of parameter 'Schedules' is invalid.")
	case len(w.Schedules) > most:
		return badRequest("ErrorMailboxDataArrayTooBig", "There are too many target users in the EmailAddress array. The allowed size = "+itoa(most)+"; the actual size = "+itoa(len(w.Schedules))+".")
	case span <= 0:
		return badRequest("ErrorInvalidTimeInterval", "The time window is not valid: it ends before it starts.")
	case span > maxScheduleDays*24*time.Hour:
		return badRequest("ErrorTimeIntervalTooBig", "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. The allowed limit = 62 days.")
	case w.step < 5*time.Minute || w.step > 24*time.Hour || w.step > span:
		return badRequest("ErrorInvalidMergedFreeBusyInterval", "The specified merged free/busy interval is not valid. Specify an interval that is less than the free/busy time window and between 5 and 1440 minutes.")
	}
	return nil
}

// scheduleView is how the answer shows times.
type scheduleView struct {
	zone string
	in   *time.Location
	zulu bool
}

func (v scheduleView) wire(w when, allDay bool) wireWhen {
	shown := w.wire(allDay, v.zone, v.in)
	if v.zulu {
		shown.DateTime += "Z"
	}
	return shown
}

// schedule is one mailbox's answer: that of its default calendar. s.mu is held.
func (s *Server) schedule(asking *mailbox, id string, w scheduleWish, v scheduleView) map[string]any {
	m := s.mailboxes[strings.ToLower(strings.TrimSpace(id))]
	if m == nil || m.tenant != asking.tenant {
		return unanswered(id, "5016", "Unable to resolve e-mail address "+id+" to an Active Directory object.")
	}
	all := m.during(m.calendar(""), w.from, w.to)
	if len(all) > maxScheduleItems {
		return unanswered(id, "5006", "The result set contains too many calendar entries. The allowed size = 1000; the actual size = "+itoa(len(all))+".")
	}
	items := make([]any, 0, len(all))
	levels := make([]byte, int((w.to.Sub(w.from)+w.step-1)/w.step))
	for _, e := range all {
		items = append(items, e.scheduleItem(m == asking, v))
		e.mark(levels, w)
	}
	digits := make([]byte, len(levels))
	for i, level := range levels {
		digits[i] = "04123"[level]
	}
	return map[string]any{
		"scheduleId": id, "availabilityView": string(digits), "scheduleItems": items,
		"workingHours": map[string]any{
			"daysOfWeek": weekdays()[1:6], "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
			"timeZone": map[string]string{"name": s.zones.original(m.person.Zone)},
		},
	}
}

func unanswered(id, code, message string) map[string]any {
	return map[string]any{
		"scheduleId": id, "availabilityView": "", "scheduleItems": nil, "workingHours": nil,
		"error": map[string]string{"responseCode": code, "message": message},
	}
}

func (e *event) status() string {
	status := "busy"
	if raw := e.fields["showAs"]; raw != nil && json.Unmarshal(raw, &status) != nil {
		return "busy"
	}
	return status
}

// scheduleItem is the event as those see it who may know when it is, and its owner as what.
func (e *event) scheduleItem(own bool, v scheduleView) map[string]any {
	item := map[string]any{"status": e.status(), "start": v.wire(e.start, e.allDay), "end": v.wire(e.end, e.allDay)}
	if own {
		item["subject"], item["isPrivate"], item["location"] = e.subject(), string(e.fields["sensitivity"]) == `"private"`, ""
		if len(e.locations) > 0 {
			item["location"] = e.locations[0].name()
		}
	}
	return item
}

// mark raises the slots that the event touches to its level: a digit alone does not say which of two statuses outweighs the other.
func (e *event) mark(levels []byte, w scheduleWish) {
	level := map[string]byte{"workingElsewhere": 1, "tentative": 2, "busy": 3, "oof": 4}[e.status()]
	first := max(int(e.start.at.Sub(w.from)/w.step), 0)
	for i := first; i < len(levels) && w.from.Add(time.Duration(i)*w.step).Before(e.end.at); i++ {
		levels[i] = max(levels[i], level)
	}
}
