package main

import (
	"strings"
	"testing"
)

func TestSummarise(t *testing.T) {
	t.Parallel()
	const passing = `{"Action":"run","Package":"p/a","Test":"TestX"}
{"Action":"output","Package":"p/a","Test":"TestX","Output":"chatter\n"}
{"Action":"pass","Package":"p/a","Test":"TestX","Elapsed":0.1}
{"Action":"output","Package":"p/a","Output":"ok  \tp/a\t0.1s\n"}
{"Action":"pass","Package":"p/a","Elapsed":0.1}
`
	for name, c := range map[string]struct {
		in, want string
		ok       bool
	}{
		"passing": {passing, "ok   p/a (1 tests, 0.1 s)\n1 passed, 0 failed\n", true},
		"failing": {
			passing + `{"Action":"output","Package":"p/b","Test":"TestY","Output":"=== RUN   TestY\n"}
{"Action":"output","Package":"p/b","Test":"TestY","Output":"    y_test.go:1: wrong\n"}
{"Action":"fail","Package":"p/b","Test":"TestY"}
{"Action":"fail","Package":"p/b","Elapsed":2}
`,
			"ok   p/a (1 tests, 0.1 s)\nFAIL p/b TestY\n    y_test.go:1: wrong\nFAIL p/b (2.0 s)\n" +
				"\nWhat failed:\nFAIL p/b TestY\n    y_test.go:1: wrong\nFAIL p/b (2.0 s)\n\n1 passed, 1 failed\n", false,
		},
		"a race that is reported by a test which passes": {
			passing + `{"Action":"output","Package":"p/b","Test":"TestX","Output":"WARNING: DATA RACE\n"}
{"Action":"output","Package":"p/b","Test":"TestX","Output":"Write at x.go:1\n"}
{"Action":"pass","Package":"p/b","Test":"TestX"}
{"Action":"output","Package":"p/b","Test":"TestY","Output":"race detected\n"}
{"Action":"fail","Package":"p/b","Test":"TestY"}
{"Action":"fail","Package":"p/b","Elapsed":2}
`,
			"ok   p/a (1 tests, 0.1 s)\n--- while p/b TestX ran\nWARNING: DATA RACE\nWrite at x.go:1\nFAIL p/b TestY\nrace detected\nFAIL p/b (2.0 s)\n" +
				"\nWhat failed:\n--- while p/b TestX ran\nWARNING: DATA RACE\nWrite at x.go:1\nFAIL p/b TestY\nrace detected\nFAIL p/b (2.0 s)\n\n2 passed, 1 failed\n", false,
		},
		"skipping": {
			passing + `{"Action":"output","Package":"p/b","Test":"TestY","Output":"    y_test.go:1: no server\n"}
{"Action":"output","Package":"p/b","Test":"TestY","Output":"--- SKIP: TestY (0.00s)\n"}
{"Action":"skip","Package":"p/b","Test":"TestY"}
{"Action":"output","Package":"p/b","Test":"TestY/case","Output":"    y_test.go:1: no server\n"}
{"Action":"skip","Package":"p/b","Test":"TestY/case"}
{"Action":"output","Package":"p/b","Test":"TestY/other","Output":"    y_test.go:2: no time\n"}
{"Action":"skip","Package":"p/b","Test":"TestY/other"}
`,
			"ok   p/a (1 tests, 0.1 s)\nskip p/b TestY: y_test.go:1: no server\nskip p/b TestY/other: y_test.go:2: no time\n1 passed, 0 failed, 3 skipped\n", true,
		},
		"not compiling": {
			passing + `{"ImportPath":"p/b","Action":"build-output","Output":"b.go:1: syntax error\n"}
{"ImportPath":"p/b","Action":"build-fail"}
{"Action":"output","Package":"p/b","Output":"FAIL\tp/b [build failed]\n"}
{"Action":"fail","Package":"p/b","Elapsed":0,"FailedBuild":"p/b"}
`,
			"ok   p/a (1 tests, 0.1 s)\nb.go:1: syntax error\nFAIL p/b (0.0 s)\nFAIL\tp/b [build failed]\n" +
				"\nWhat failed:\nFAIL p/b (0.0 s)\nFAIL\tp/b [build failed]\n\n1 passed, 1 failed\n", false,
		},
		"cut off": {
			passing + `{"Action":"output","Package":"p/b","Test":"TestY","Output":"panic: timed out\n"}
`,
			"ok   p/a (1 tests, 0.1 s)\n--- p/b TestY did not end\npanic: timed out\n1 passed, 0 failed\n", true,
		},
		"no tests":      {`{"Action":"skip","Package":"p/c","Elapsed":0}` + "\n", "0 passed, 0 failed\n", false},
		"go's own word": {"go: no such tool\n", "go: no such tool\n0 passed, 0 failed\n", false},
	} {
		var out strings.Builder
		ok, err := summarise(strings.NewReader(c.in), &out)
		if err != nil || ok != c.ok || out.String() != c.want {
			t.Errorf("%s: %t, %v\n%s\nwant %t\n%s", name, ok, err, out.String(), c.ok, c.want)
		}
	}
}
