package google

import (
	"encoding/base64"
	"encoding/json"
)

const (
	pageKind = "p"
	syncKind = "s"
)

// cursor is what a page token or sync token stands for. Clients see it encoded.
type cursor struct {
	Kind     string `json:"k"`
	Calendar string `json:"c"`
	// Epoch is the calendar's when the cursor was made; a cursor of an earlier one is dead.
	Epoch int `json:"e,omitempty"`
	// Changes tells a listing of changes from one of everything.
	Changes bool `json:"d,omitempty"`
	// After is the last change that a sync token covers.
	After int64 `json:"a,omitempty"`
	// UpTo is the latest change when the listing began: what the sync token at its end will cover.
	UpTo int64 `json:"u,omitempty"`
	// Pos is where the next page begins: a change's number, or the position of an item in the order of creation.
	Pos int64 `json:"n,omitempty"`
	// Since is where a listing of changes began, whichever page it is at.
	Since int64 `json:"b,omitempty"`
	// Sub is how far into the occurrences of the series at Pos the pages are.
	Sub int64 `json:"o,omitempty"`
	// Key is the last row of a page that is in order of something else than creation.
	Key string `json:"y,omitempty"`
	// Min and Max are the window of the full listing, which those of changes keep: seconds, 0 for none.
	Min int64 `json:"f,omitempty"`
	Max int64 `json:"t,omitempty"`
	// Shape names the parameters that must stay the same.
	Shape string `json:"q,omitempty"`
}

// String is the cursor as clients see it.
func (c cursor) String() string {
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // unreachable: strings and numbers always marshal
	}
	return base64.URLEncoding.EncodeToString(raw)
}

func parseCursor(token, kind string) (cursor, bool) {
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return cursor{}, false
	}
	var c cursor
	if json.Unmarshal(raw, &c) != nil || c.Kind != kind {
		return cursor{}, false
	}
	return c, true
}

// unreadable is the answer to a sync token that was never issued.
func (s *Server) unreadable() error {
	if s.world.Switches().Google.UnreadableCursor == 400 {
		return invalidParameter("syncToken", "Invalid sync token value.")
	}
	return fullSyncRequired()
}
