package cal

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
)

// Meeting names the meeting that an event is a copy of: the same text in the organiser's mailbox and in each guest's, whichever provider they are
// at, and another one for each occurrence. It is empty where the event does not say.
//
// It groups what is shown and decides nothing: whoever sends an invitation chooses its UID.
func (e Event) Meeting() string {
	uid := meetingUID(e.ICalUID)
	part := e.Kind == KindOccurrence || e.Kind == KindException
	switch {
	case uid == "":
		return ""
	case !part:
		return uid
	case e.OriginalStart.Date != "":
		return uid + "\n" + e.OriginalStart.Date
	case e.OriginalStart.Instant.IsZero():
		return ""
	default:
		return uid + "\n" + strconv.FormatInt(e.OriginalStart.Instant.Unix(), 10)
	}
}

// A global object id is what Exchange makes of a UID ([MS-OXOCAL] 2.2.1.27): 16 bytes that are always the same, 4 for the day of an occurrence, 16
// that only its own ids use, 4 for the length of the rest, and the rest. A UID that came from elsewhere stands in the rest, behind a mark of 12 bytes.
const (
	globalObject  = "040000008200e00074c5b7101a82e008"
	globalDay     = 16
	globalRest    = 40
	foreignMark   = "vCal-Uid\x01\x00\x00\x00"
	globalDayEnds = globalDay + 4
)

// meetingUID is a UID as every mailbox has it: without the day that Exchange writes into the UIDs of occurrences, and out of what it wraps it in.
func meetingUID(uid string) string {
	const prefix = len(globalObject)
	if len(uid) < prefix || !strings.EqualFold(uid[:prefix], globalObject) {
		return uid
	}
	raw, err := hex.DecodeString(uid)
	if err != nil || len(raw) < globalDayEnds {
		return uid
	}
	if len(raw) > globalRest {
		if foreign, ok := bytes.CutPrefix(raw[globalRest:], []byte(foreignMark)); ok {
			return string(bytes.TrimRight(foreign, "\x00"))
		}
	}
	clear(raw[globalDay:globalDayEnds])
	return strings.ToUpper(hex.EncodeToString(raw))
}
