package provider

// Capability is something that a driver may lack.
type Capability string

// The capabilities, by the interface that claims each.
const (
	CanList      Capability = "DeltaLister"
	CanFind      Capability = "EventFinder"
	CanPush      Capability = "ChannelKeeper"
	CanRenew     Capability = "ChannelRenewer"
	CanDecode    Capability = "NotificationDecoder"
	CanBeQuiet   Capability = "QuietWriter"
	CanCondition Capability = "ConditionalWriter"
	CanBeIn      Capability = "TenantDriver"
	CanActAlone  Capability = "AppActor"
	CanRecur     Capability = "SeriesKeeper"
	CanConfer    Capability = "ConferenceMaker"
)

// Capabilities are all there are.
func Capabilities() []Capability {
	return []Capability{CanList, CanFind, CanPush, CanRenew, CanDecode, CanBeQuiet, CanCondition, CanBeIn, CanActAlone, CanRecur, CanConfer}
}

// Claims reports whether a driver, or a client that it has opened, claims the capability.
func (c Capability) Claims(d Driver, client Client) bool {
	var claims bool
	switch c {
	case CanList:
		_, claims = client.(DeltaLister)
	case CanFind:
		_, claims = client.(EventFinder)
	case CanPush:
		_, claims = client.(ChannelKeeper)
	case CanRenew:
		_, claims = client.(ChannelRenewer)
	case CanDecode:
		_, claims = d.(NotificationDecoder)
	case CanBeQuiet:
		_, claims = d.(QuietWriter)
	case CanCondition:
		_, claims = d.(ConditionalWriter)
	case CanBeIn:
		_, claims = d.(TenantDriver)
	case CanActAlone:
		_, claims = d.(AppActor)
	case CanRecur:
		_, claims = client.(SeriesKeeper)
	case CanConfer:
		_, claims = d.(ConferenceMaker)
	}
	return claims
}

// Without says what calweave does for a provider that lacks the capability.
func (c Capability) Without() string {
	return map[Capability]string{
		CanList:      "the calendar is written to and not mirrored; a person's change is seen when the event is read for a write",
		CanFind:      "the key alone has to make creates idempotent for good",
		CanPush:      "the calendar is polled",
		CanRenew:     "a channel is replaced by a new one before it ends",
		CanDecode:    "pushes cannot be taken; the calendar is polled",
		CanBeQuiet:   "guests are written only if the booking wants them mailed; what would mail anyone by surprise is held",
		CanCondition: "an event is read and compared before it is written",
		CanBeIn:      "an application names no tenant of the provider's",
		CanActAlone:  "every owner of a mailbox has to consent",
		CanRecur:     "a recurring booking stands as single events if it asks for that, and is refused otherwise",
		CanConfer:    "a booking that wants a conference is synced without one",
	}[c]
}
