package store_test

// endpointMutants slip where endpoints, deliveries and attempts are kept.
func endpointMutants() []mutant {
	const (
		resumes = "endpoint: enabled again it resumes with what it missed"
		since   = "delivery: all that failed since a moment are sent again"
		silent  = "endpoint: is disabled when it has taken nothing for three days"
		again   = "delivery: is sent again whatever became of it"
		listed  = "delivery: listed newest first, by endpoint and state"
		rotated = "endpoint: a secret that was replaced signs for a day"
		revised = "endpoint: each field changes alone"
	)
	return append(slips([]slipped{
		{"an endpoint that is enabled forgets what waits", "QueueDeliveries", "CAST($5 AS BOOLEAN)", "NOT COALESCE(CAST($5 AS BOOLEAN), TRUE)", resumes},
		{"an endpoint that is enabled forgets what failed", "QueueDeliveries", "d.updated_at >= $4", "d.updated_at < $4", resumes},
		{"what failed is queued and stays failed", "ReopenDeliveries", "SET state = 'pending'", "SET state = 'failed'", resumes},
		{"what failed long ago is sent again", "ReopenDeliveries", "updated_at >= $4", "$4 IS NOT NULL", resumes},
		{"an endpoint that is enabled waits on", "QueueDeliveries", "not_before = 0, ", "", resumes},
		{"what is resumed keeps its attempts", "QueueDeliveries", "attempts = 0, ", "", resumes},
		{"what is resumed hurries", "QueueDeliveries", "'bulk'", "'interactive'", resumes},
		{"an endpoint is disabled twice", "DisableEndpoint", "AND state = 'enabled'", "", resumes},
		{"all that waits is hurried by a replay", "QueueDeliveries", "CAST($5 AS BOOLEAN)", "CAST($5 AS BOOLEAN) IS NOT NULL", since},
		{"a replay sends what failed before", "QueueDeliveries", "d.updated_at >= $4", "$4 IS NOT NULL", since},
		{"a replay leaves out the moment itself", "QueueDeliveries", "d.updated_at >= $4", "d.updated_at > $4", since},
		{"a replay is another endpoint's too", "QueueDeliveries", "d.endpoint_id = $3", "$3 IS NOT NULL", since},
		{"any delivery shows that an endpoint takes messages", "DeliveredSince", "state = 'delivered' AND ", "", silent},
		{"an endpoint lives on what it once took", "DeliveredSince", "updated_at > $3", "$3 IS NOT NULL", silent},
		{"an endpoint's only failure disables it", "DeliveredSince", "updated_at > $3", "updated_at < 0 * $3", silent},
		{"a person's word keeps the back-off", "ReplayDelivery", "not_before = 0, ", "", again},
		{"a person's word keeps the attempts", "ReplayDelivery", "attempts = 0, ", "", again},
		{"a delivery that was taken is not sent again", "ReopenDelivery", "SET state = 'pending'", "SET state = state", again},
		{"the oldest deliveries come first", "DeliveriesBefore", "DESC", "ASC", listed},
		{"a page begins with the last one's end", "DeliveriesBefore", "d.delivery_id < $2", "d.delivery_id <= $2", listed},
		{"deliveries of any state are listed", "DeliveriesBefore", "d.state = $5", "$5 IS NOT NULL", listed},
		{"deliveries to any endpoint are listed", "DeliveriesBefore", "d.endpoint_id = $4", "$4 IS NOT NULL", listed},
		{"a secret that was replaced is forgotten", "RotateSecret", "previous_secret = $2", "previous_secret = CASE WHEN $2 IS NULL THEN $2 ELSE previous_secret END", rotated},
		{"a secret that was replaced signs for ever", "RotateSecret", "previous_until = $3", "previous_until = 2 * $3", rotated},
		{"an endpoint keeps its URL", "ReviseEndpoint", "url = $1", "url = CASE WHEN $1 IS NULL THEN $1 ELSE url END", revised},
		{"an endpoint keeps its types", "ReviseEndpoint", "types = $3", "types = CASE WHEN $3 IS NULL THEN $3 ELSE types END", revised},
		{"work outlives its endpoint", "ForgetDeliveries", "d.endpoint_id = $2", "d.endpoint_id = $2 || 'x'", "endpoint: is deleted with its deliveries and their work"},
		{"what is our own fault is an attempt", "SettleDelivery", "attempts = attempts + CAST($2 AS BIGINT)", "attempts = attempts + 1 + 0 * CAST($2 AS BIGINT)", silent},
		{"a failure is kept as no attempt", "SettleDelivery", "CAST($2 AS BIGINT) > 0", "CAST($2 AS BIGINT) > 1", "delivery: counts attempts, not waits"},
		{"attempts are kept out of order", "AttemptsOf", "ORDER BY attempt", "ORDER BY attempt DESC", "delivery: its attempts are kept, in order"},
	}), mutant{"a tenant is not locked while its endpoints are counted", flaw{postgres: true, slip: slip{
		"LockTenant", "UPDATE tenants SET name = name WHERE tenant_id = $1", "UPDATE tenants SET name = name WHERE tenant_id = $1 || 'x'",
	}}, "meet: two that make a tenant's last endpoint"}, mutant{"a request is taken from whoever carries it out", flaw{postgres: true, slip: slip{
		"TakeRequest", "lease_until <= $5", "$5 IS NOT NULL",
	}}, "race: an attempt whose time is over is replaced once"}, mutant{"an endpoint is read and not locked", flaw{postgres: true, slip: slip{
		"LockEndpoint", "UPDATE endpoints SET updated_at = updated_at", "SELECT 1 FROM endpoints",
	}}, "meet: an endpoint that is enabled and a message that is written and parked"},
		mutant{"an endpoint is disabled and nobody is told", flaw{tx: txFlaw{split: "DisableEndpoint"}}, "atomic: Finish of a dead delivery"},
	)
}
