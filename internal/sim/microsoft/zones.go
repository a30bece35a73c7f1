package microsoft

import (
	"net/http"
	"strings"
	"time"
)

// windows maps the Windows names of the zones that mailboxes mostly have to IANA names
// (https://learn.microsoft.com/windows-hardware/manufacture/desktop/default-time-zones). It is made by hand, apart from any other table, and
// Graph takes IANA names besides (https://learn.microsoft.com/graph/api/resources/datetimetimezone).
func windows() map[string]string {
	return map[string]string{
		"Dateline Standard Time": "Etc/GMT+12", "UTC-11": "Etc/GMT+11", "Hawaiian Standard Time": "Pacific/Honolulu",
		"Alaskan Standard Time": "America/Anchorage", "Pacific Standard Time": "America/Los_Angeles",
		"US Mountain Standard Time": "America/Phoenix", "Mountain Standard Time": "America/Denver",
		"Central Standard Time": "America/Chicago", "Central Standard Time (Mexico)": "America/Mexico_City", "Central America Standard Time": "America/Guatemala",
		"Canada Central Standard Time": "America/Regina", "Eastern Standard Time": "America/New_York",
		"SA Pacific Standard Time": "America/Bogota", "Atlantic Standard Time": "America/Halifax",
		"Newfoundland Standard Time": "America/St_Johns", "E. South America Standard Time": "America/Sao_Paulo",
		"Argentina Standard Time": "America/Argentina/Buenos_Aires", "Greenland Standard Time": "America/Nuuk",
		"Azores Standard Time": "Atlantic/Azores", "Cape Verde Standard Time": "Atlantic/Cape_Verde", "UTC": "UTC",
		"GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Atlantic/Reykjavik", "Morocco Standard Time": "Africa/Casablanca",
		"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest",
		"Romance Standard Time": "Europe/Paris", "Central European Standard Time": "Europe/Warsaw",
		"GTB Standard Time": "Europe/Bucharest", "FLE Standard Time": "Europe/Kyiv", "E. Europe Standard Time": "Europe/Chisinau",
		"Israel Standard Time": "Asia/Jerusalem", "South Africa Standard Time": "Africa/Johannesburg", "Egypt Standard Time": "Africa/Cairo",
		"Turkey Standard Time": "Europe/Istanbul", "Russian Standard Time": "Europe/Moscow", "Arab Standard Time": "Asia/Riyadh",
		"Iran Standard Time": "Asia/Tehran", "Arabian Standard Time": "Asia/Dubai", "Afghanistan Standard Time": "Asia/Kabul",
		"Pakistan Standard Time": "Asia/Karachi", "India Standard Time": "Asia/Kolkata", "Nepal Standard Time": "Asia/Kathmandu",
		"Bangladesh Standard Time": "Asia/Dhaka", "SE Asia Standard Time": "Asia/Bangkok", "China Standard Time": "Asia/Shanghai",
		"Singapore Standard Time": "Asia/Singapore", "W. Australia Standard Time": "Australia/Perth", "Tokyo Standard Time": "Asia/Tokyo",
		"Korea Standard Time": "Asia/Seoul", "AUS Central Standard Time": "Australia/Darwin", "AUS Eastern Standard Time": "Australia/Sydney",
		"E. Australia Standard Time": "Australia/Brisbane", "Lord Howe Standard Time": "Australia/Lord_Howe", "Aus Central W. Standard Time": "Australia/Eucla",
		"New Zealand Standard Time": "Pacific/Auckland", "Chatham Islands Standard Time": "Pacific/Chatham",
		"Samoa Standard Time": "Pacific/Apia", "Tonga Standard Time": "Pacific/Tongatapu", "Line Islands Standard Time": "Pacific/Kiritimati",
	}
}

// zoneTable holds the names both ways. It does not change.
type zoneTable struct {
	// iana is by the Windows name in lower case, name by the IANA name.
	iana map[string]string
	name map[string]string
}

func newZoneTable() zoneTable {
	t := zoneTable{iana: map[string]string{"tzone://microsoft/utc": "UTC"}, name: map[string]string{}}
	for w, i := range windows() {
		t.iana[strings.ToLower(w)] = i
		t.name[i] = w
	}
	return t
}

// zone loads a zone of either naming scheme.
func (s *Server) zone(name string) (*time.Location, error) {
	if iana := s.zones.iana[strings.ToLower(name)]; iana != "" {
		name = iana
	}
	loc, err := s.world.Zones.Load(name)
	if err != nil {
		return nil, failed(http.StatusBadRequest, "TimeZoneNotSupportedException",
			"A valid TimeZone value must be specified. The following TimeZone value is not supported: '"+name+"'.")
	}
	return loc, nil
}

// original is the name under which Outlook keeps the zone that an event was made in: the Windows name where there is one.
func (t zoneTable) original(name string) string {
	if w := t.name[name]; w != "" {
		return w
	}
	return name
}

// original is what an event shows of the zone that it was made in. A switch has it show what was made by clients with zones of their own.
func (s *Server) original(name string) string {
	if custom := s.world.Switches().Microsoft.OriginalZone; custom != "" {
		return custom
	}
	return s.zones.original(name)
}
