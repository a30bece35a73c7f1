package cal

// ListingKind says what the absence of an event from a listing means.
type ListingKind string

// The kinds of listing. Cursor loss is not a listing but a failure (fault.CursorLost).
const (
	// Snapshot shows every event inside its coverage window: one that is absent may have been deleted, and has to be missed twice.
	Snapshot ListingKind = "snapshot"
	// Delta shows what changed since its cursor: absence means nothing.
	Delta ListingKind = "delta"
	// Partial could not prove that it is complete: absence means nothing, and no cursor may be kept from it.
	Partial ListingKind = "partial"
)

// Cursor is where the next incremental listing goes on: Google's sync token or Microsoft's delta link. Scope names the parameters that made
// it; a provider honours a cursor only under the parameters it came from, so a cursor of another scope is lost.
type Cursor struct {
	Token string `json:"token"`
	Scope string `json:"scope"`
}

// Item is one row of a listing. Later rows of the same listing replace earlier ones of the same id.
type Item struct {
	// Event always has an ID. A tombstone has StatusCancelled and perhaps nothing else.
	Event Event
	// Withheld says why the row could not be read; empty for a row that could. A withheld row is counted and never stops the listing.
	Withheld string
}

// Page is one page of a listing.
type Page struct {
	Kind  ListingKind
	Items []Item
	// Next continues the listing; empty on the last page. A page may have no items and still a next page.
	Next string
	// Cursor is set on the last page only.
	Cursor Cursor
	// Coverage is the window that a snapshot has shown completely once its last page is read.
	Coverage Window
}
