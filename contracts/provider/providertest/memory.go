package providertest

import (
	"fmt"
	"runtime"

	"github.com/calweave/calweave/contracts/provider"
)

// Memory is the case of a calendar of a hundred thousand events, which a driver lists in the memory of a page. It measures what the whole process
// holds, so it has to run alone, and is not among Cases.
func Memory() Case {
	return Case{"memory/a hundred thousand events", []provider.Capability{provider.CanList}, memory}
}

func memory(t T, r *Run) {
	const (
		events, size = 100_000, 250
		// settled is how many pages are read before the first measure, and most is what may be held more at the end, in bytes: a tenth of the rows
		// would be.
		settled = 20
		most    = 6 << 20
	)
	if r.Fill == nil {
		t.Skipf("%s has no calendars of that many events", r.Driver.Name())
	}
	r.Fill(events)
	req := provider.ListEvents{Calendar: r.Calendar, Window: window(), PageSize: size}
	rows := 0
	var before uint64
	for n := 1; n <= 2*events/size; n++ {
		page, err := r.lister().ListEvents(t.Context(), req)
		r.must(fmt.Sprintf("page %d", n), err)
		rows += len(page.Items)
		if n == settled {
			before = held()
		}
		if req.Page = page.Next; page.Next == "" {
			break
		}
	}
	if req.Page != "" {
		t.Errorf("%v", errEndless)
	}
	if rows < events {
		t.Errorf("%d rows of %d events", rows, events)
	}
	if after := held(); after > before+most {
		t.Errorf("%d MiB are held after %d rows more", (after-before)>>20, rows-settled*size)
	}
	runtime.KeepAlive(r)
}

// held is how much memory is in use, in bytes.
func held() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
