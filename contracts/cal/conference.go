package cal

// ConferenceState says how far a conference is.
type ConferenceState string

// The states. An event without a conference, of which none was asked, has none.
const (
	// ConferencePending is a conference that its provider is still making; reading the event again shows what came of it.
	ConferencePending ConferenceState = "pending"
	// ConferenceReady is one that can be joined.
	ConferenceReady ConferenceState = "ready"
	// ConferenceRefused is one that was asked for and that the provider will not make.
	ConferenceRefused ConferenceState = "refused"
)

// ConferenceWish says whether a booking wants a conference.
type ConferenceWish string

// ConferenceRequested wants one.
const ConferenceRequested ConferenceWish = "requested"

// Conference is the video conference of an event (Google Meet, Microsoft Teams), whoever asked for it.
type Conference struct {
	State ConferenceState `json:"state"`
	// URL joins the conference, once it is ready.
	URL string `json:"url,omitempty"`
	// Reason is a sentence that says why a conference was refused.
	Reason string `json:"reason,omitempty"`
}
