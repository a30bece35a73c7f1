package budget

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// memoryEngine runs the script in the process, on hashes in memory: the same decisions by the same code, for a process without Redis and for tests on a
// clock of their own. Scripts run one after the other, as they do in Redis.
type memoryEngine struct {
	mu     sync.Mutex
	state  *lua.LState
	protos [scripts]*lua.FunctionProto
	hashes map[string]map[string]string
	// expires is when a hash is forgotten, in microseconds since 1970.
	expires map[string]int64
	now     int64
	pruned  int64
}

func newMemoryEngine() *memoryEngine {
	return &memoryEngine{hashes: map[string]map[string]string{}, expires: map[string]int64{}}
}

// stack is how deep the script calls, registry how many values it has at hand; both with plenty to spare. The interpreter's own defaults take a
// hundred times the memory.
const (
	stack    = 16
	registry = 512
)

// start makes the interpreter, for the first script: a process whose Redis is there never needs one.
func (e *memoryEngine) start() error {
	if e.state != nil {
		return nil
	}
	state := lua.NewState(lua.Options{
		SkipOpenLibs: true, CallStackSize: stack, RegistrySize: registry, RegistryMaxSize: 64 * registry, RegistryGrowStep: registry,
	})
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.MathLibName: lua.OpenMath, lua.StringLibName: lua.OpenString} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	for _, s := range []scriptName{takeScript, settleScript, leftScript} {
		chunk, err := parse.Parse(strings.NewReader(s.source()), "budget")
		if err != nil {
			return fmt.Errorf("budget: %w", err)
		}
		if e.protos[s], err = lua.Compile(chunk, "budget"); err != nil {
			return fmt.Errorf("budget: %w", err)
		}
	}
	module := state.NewTable()
	module.RawSetString("call", state.NewFunction(e.call))
	state.SetGlobal("redis", module)
	e.state = state
	return nil
}

func (e *memoryEngine) run(_ context.Context, s scriptName, keys []string, args []any) ([]any, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, ok := args[0].(int64)
	if !ok || now == 0 {
		return nil, errors.New("budget: a script in memory has to be told the time")
	}
	if err := e.start(); err != nil {
		return nil, err
	}
	e.begin(now)
	keyTable, argTable := e.state.CreateTable(len(keys), 0), e.state.CreateTable(len(args), 0)
	for _, k := range keys {
		keyTable.Append(lua.LString(k))
	}
	for _, a := range args {
		argTable.Append(lua.LString(written(a)))
	}
	e.state.SetGlobal("KEYS", keyTable)
	e.state.SetGlobal("ARGV", argTable)
	e.state.Push(e.state.NewFunctionFromProto(e.protos[s]))
	if err := e.state.PCall(0, 1, nil); err != nil {
		return nil, fmt.Errorf("budget: %w", err)
	}
	answer := e.state.Get(-1)
	e.state.Pop(1)
	return listed(answer), nil
}

// written is an argument as a Redis client writes it.
func written(a any) string {
	switch a := a.(type) {
	case string:
		return a
	case int:
		return strconv.Itoa(a)
	case int64:
		return strconv.FormatInt(a, 10)
	default:
		return fmt.Sprint(a)
	}
}

func (e *memoryEngine) settle(ctx context.Context, all []request) error {
	for _, r := range all {
		if _, err := e.run(ctx, settleScript, r.keys, r.args); err != nil {
			return err
		}
	}
	return nil
}

func (e *memoryEngine) read(_ context.Context, key string) (map[string]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.hashes[key]), nil
}

// pruneEvery is how often what has expired is looked for, in microseconds.
const pruneEvery = 60_000_000

// begin moves the time on.
func (e *memoryEngine) begin(now int64) {
	e.now = now
	if now-e.pruned < pruneEvery {
		return
	}
	e.pruned = now
	for key := range e.expires {
		e.hash(key)
	}
}

// hash returns a hash that has not expired; nil for none.
func (e *memoryEngine) hash(key string) map[string]string {
	if at, ok := e.expires[key]; ok && at <= e.now {
		delete(e.hashes, key)
		delete(e.expires, key)
	}
	return e.hashes[key]
}

// flush forgets everything, as FLUSHALL does.
func (e *memoryEngine) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.hashes)
	clear(e.expires)
}

// call is redis.call for the commands that the script uses.
func (e *memoryEngine) call(s *lua.LState) int {
	name, key := s.CheckString(1), s.CheckString(2)
	args := make([]string, 0, s.GetTop()-2)
	for i := 3; i <= s.GetTop(); i++ {
		args = append(args, s.CheckString(i))
	}
	answer, err := e.command(name, key, args)
	if err != nil {
		s.RaiseError("%s", err.Error())
	}
	s.Push(answer)
	return 1
}

func (e *memoryEngine) command(name, key string, args []string) (lua.LValue, error) {
	h := e.hash(key)
	switch name {
	case "HGETALL":
		out := e.state.CreateTable(len(h)+len(h), 0)
		for field, value := range h {
			out.Append(lua.LString(field))
			out.Append(lua.LString(value))
		}
		return out, nil
	case "HMGET":
		out := e.state.NewTable()
		for i, field := range args {
			if value, ok := h[field]; ok {
				out.RawSetInt(i+1, lua.LString(value))
			} else {
				out.RawSetInt(i+1, lua.LFalse)
			}
		}
		return out, nil
	case "DEL":
		delete(e.hashes, key)
		delete(e.expires, key)
		return lua.LTrue, nil
	case "HDEL":
		for _, field := range args {
			delete(h, field)
		}
		if len(h) == 0 {
			delete(e.hashes, key)
			delete(e.expires, key)
		}
		return lua.LTrue, nil
	case "HSET", "HINCRBY", "PEXPIRE":
		return lua.LTrue, e.write(name, key, args)
	default:
		return nil, fmt.Errorf("budget: %s is not to be had in memory", name)
	}
}

func (e *memoryEngine) write(name, key string, args []string) error {
	h := e.hashes[key]
	if name == "PEXPIRE" {
		ms, err := strconv.ParseInt(args[0], 10, 64)
		if err == nil && h != nil {
			e.expires[key] = e.now + ms*1000
		}
		return err
	}
	if h == nil {
		h = map[string]string{}
		e.hashes[key] = h
	}
	if name == "HINCRBY" {
		before, _ := strconv.ParseInt(h[args[0]], 10, 64) // absent counts as none
		by, err := strconv.ParseInt(args[1], 10, 64)
		h[args[0]] = strconv.FormatInt(before+by, 10)
		return err
	}
	for i := 0; i+1 < len(args); i += 2 {
		h[args[i]] = args[i+1]
	}
	return nil
}

// listed turns a script's answer into what a Redis client makes of it.
func listed(v lua.LValue) []any {
	table, ok := v.(*lua.LTable)
	if !ok {
		return []any{v.String()}
	}
	var out []any
	for i := 1; i <= table.Len(); i++ {
		switch v := table.RawGetInt(i).(type) {
		case lua.LNumber:
			out = append(out, int64(v))
		default:
			out = append(out, v.String())
		}
	}
	return out
}
