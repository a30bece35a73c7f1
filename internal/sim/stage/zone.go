package stage

import (
	"errors"
	"sync"
	"time"
	_ "time/tzdata" // zones must not depend on the machine that runs the simulators
)

var errNoZone = errors.New("the time zone has no name")

// Zones loads IANA time zones once each. The zero value is ready.
type Zones struct{ loaded sync.Map }

// Load returns the zone of an IANA name. The empty name and "Local" are no zones.
func (z *Zones) Load(name string) (*time.Location, error) {
	if loc, ok := z.loaded.Load(name); ok {
		return loc.(*time.Location), nil //nolint:forcetypeassert // only Load stores here
	}
	if name == "" || name == "Local" {
		return nil, errNoZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	z.loaded.Store(name, loc)
	return loc, nil
}
