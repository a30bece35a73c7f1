package store_test

import (
	"slices"
	"testing"
)

// trial is one promise of the store.
type trial struct {
	name string
	run  func(*harness)
}

// suite is what every store has to pass, on every database.
func suite() []trial {
	return slices.Concat(markTrials(), claimTrials(), finishTrials(), deadTrials(), driftTrials(), fenceTrials(), sweepTrials(), backlogTrials(), countTrials(), raceTrials(), connectionTrials(), disconnectTrials(), keepTrials(), accountTrials(), applicationTrials(), acceptTrials(), divergenceTrials(), backflowTrials(), ledgerTrials(), choiceTrials(), atomicTrials(), linkTrials(), listingTrials(), busyTrials(), meetingTrials(), guardTrials(), endpointTrials(), deliveryTrials(), channelTrials(), receiveTrials(), hearingTrials(), tenantTrials(), requestTrials(), canaryTrials(), sealKeyTrials(), resealTrials(), errorTrials(), tenancyTrials(), identifierTrials(), policyTrials())
}

// postgresSuite needs transactions that run side by side.
func postgresSuite() []trial {
	return slices.Concat(meetTrials(), resealMeetTrials(), sideBySideTrials(), postgresReceiveTrials(), postgresErrorTrials(), postgresTenancyTrials(), postgresPolicyTrials(),
		postgresPipelineTrials(), postgresGuardTrials())
}

func sqliteTrials() []trial {
	return slices.Concat(suite(), sqliteTenancyTrials(), sqliteResealTrials(), sqliteLedgerTrials())
}

func postgresTrials() []trial { return slices.Concat(suite(), postgresSuite()) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	runSuite(t, newSQLite(t), sqliteTrials())
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	runSuite(t, newPostgres(t), postgresTrials())
}

// runSuite runs each trial on a database of its own.
func runSuite(t *testing.T, b backend, trials []trial) {
	t.Helper()
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(start(t, b))
		})
	}
}
