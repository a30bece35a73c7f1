package microsoft

import (
	"errors"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// Graph's times are wall time with seven digits of fraction and the name of a zone beside it
// (https://learn.microsoft.com/en-us/graph/api/resources/datetimetimezone).
const (
	wireLayout = "2006-01-02T15:04:05.0000000"
	utc        = "UTC"
)

var errTime = errors.New("a time cannot be read")

// momentOf reads one end of an event. author is the zone that it was written in, under whatever name; a name that means nothing here is
// left out, since the instant is known without it.
func momentOf(t models.DateTimeTimeZoneable, allDay bool, author string) (cal.Moment, error) {
	if t == nil {
		return cal.Moment{}, errors.New("it has no start or no end")
	}
	wall, err := time.Parse(cal.WallLayout, strings.TrimSuffix(text(t.GetDateTime()), "Z"))
	if err != nil {
		return cal.Moment{}, errTime
	}
	if allDay { // midnight of its own dates in any zone
		return cal.Moment{Date: wall.Format(cal.DateLayout)}, nil
	}
	loc, err := locationOf(text(t.GetTimeZone()))
	if err != nil {
		return cal.Moment{}, errors.New("a time is in a zone that is not known")
	}
	at, ok := zone.FromWall(wall, loc)
	if !ok {
		return cal.Moment{}, errTime
	}
	return cal.Moment{Instant: at.UTC().Truncate(time.Second), Zone: zoneOf(author)}, nil
}

// locationOf loads the zone that a time is given in: UTC, as asked for, or whatever an answer that ignores it names.
func locationOf(name string) (*time.Location, error) {
	if isUTC(name) {
		return time.UTC, nil
	}
	return zone.Load(name)
}

// zoneOf is the IANA name of a zone, or empty for custom and unknown ones.
func zoneOf(name string) string {
	if name != "" && isUTC(name) {
		name = utc
	}
	canonical, err := zone.Canonical(name)
	if err != nil {
		return ""
	}
	return canonical
}

// isUTC knows the names of UTC that Outlook uses besides those of the tables.
func isUTC(name string) bool {
	return name == "" || strings.EqualFold(name, utc) || strings.EqualFold(name, "tzone://Microsoft/Utc")
}

// wireSlot writes both ends of a slot. Wall time that happens twice, and a zone that Outlook cannot know because Windows has no name for it,
// make it UTC.
func wireSlot(s cal.Slot) (start, end wallTime, allDay bool) {
	if s.AllDay() {
		return wireDate(s.Start), wireDate(s.End), true
	}
	start, exact1 := wireMoment(s.Start)
	end, exact2 := wireMoment(s.End)
	if !exact1 || !exact2 {
		start, end = wireUTC(s.Start), wireUTC(s.End)
	}
	return start, end, false
}

func wireDate(m cal.Moment) wallTime {
	return wallTime{DateTime: m.Date + "T00:00:00.0000000", TimeZone: utc}
}

func wireUTC(m cal.Moment) wallTime {
	return wallTime{DateTime: m.Instant.UTC().Format(wireLayout), TimeZone: utc}
}

// wireMoment reports whether wall time in the moment's own zone names its instant and no other.
func wireMoment(m cal.Moment) (wallTime, bool) {
	name, err := zone.Canonical(m.Zone)
	if err != nil {
		return wallTime{}, false
	}
	windows, known := zone.Windows(name)
	if !known {
		return wallTime{}, false
	}
	if windows == utc {
		return wireUTC(m), true
	}
	loc, err := zone.Load(name)
	if err != nil || zone.Ambiguous(m.Instant, loc) {
		return wallTime{}, false
	}
	return wallTime{DateTime: m.Instant.In(loc).Format(wireLayout), TimeZone: name}, true
}
