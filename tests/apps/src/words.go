// SPDX-License-Identifier: MIT

// Exercises Go's run time (goroutines, garbage collector, timers, fault handling) and parts of its library that need
// no network; counts the words of its standard input. `words fault` reads through a nil pointer and recovers, `words
// panic` dies of a panic.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type record struct {
	Name  string         `json:"name"`
	Count map[string]int `json:"count"`
	next  *record
}

// The nth prime number from a chain of goroutines, one for every smaller one.
func prime(n int) int {
	in, p := make(chan int), 0
	go func(out chan int) {
		for i := 2; ; i++ {
			out <- i
		}
	}(in)
	for ; n > 0; n-- {
		p = <-in
		out := make(chan int)
		go func(in, out chan int, p int) {
			for v := range in {
				if v%p != 0 {
					out <- v
				}
			}
		}(in, out, p)
		in = out
	}
	return p
}

// Garbage from many goroutines, parts of which are kept.
func garbage() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var kept *record
	for i := 0; i < 40; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for j := 0; j < 300; j++ {
				r := &record{Name: strings.Repeat("x", i+j), Count: map[string]int{"j": j}}
				if j%50 == 0 {
					mu.Lock()
					r.next, kept = kept, r
					mu.Unlock()
				}
			}
		}(i)
	}
	wg.Wait()
	runtime.GC()
	n, bytes := 0, 0
	for ; kept != nil; kept = kept.next {
		n, bytes = n+1, bytes+len(kept.Name)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println("kept", n, bytes, "collected", m.NumGC > 0 && m.Mallocs > m.Frees)
}

func words(r io.Reader) {
	count := map[string]int{}
	for s := bufio.NewScanner(r); s.Scan(); {
		for _, w := range strings.Fields(s.Text()) {
			count[w]++
		}
	}
	var keys []string
	for k := range count {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		return count[a] > count[b] || count[a] == count[b] && a < b
	})
	if len(keys) > 10 {
		keys = keys[:10]
	}
	for _, k := range keys {
		fmt.Printf("%6d %s\n", count[k], k)
	}
}

func library() {
	j, err := json.Marshal(record{Name: "é", Count: map[string]int{"b": 2, "a": 1}})
	fmt.Println(string(j), err)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(bytes.Repeat([]byte("abc"), 10000))
	w.Close()
	r, _ := gzip.NewReader(&z)
	plain, err := io.ReadAll(r)
	fmt.Printf("%x %v\n", sha256.Sum256(plain), err)
	fmt.Println(new(big.Int).Exp(big.NewInt(3), big.NewInt(200), nil))
}

func files() {
	dir, err := os.MkdirTemp("", "words")
	for i := 0; i < 200 && err == nil; i++ {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprint("f", i)), bytes.Repeat([]byte{byte(i)}, i), 0600)
	}
	n, size := 0, int64(0)
	filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			n, size = n+1, size+info.Size()
		}
		return err
	})
	fmt.Println(n, size, err, os.RemoveAll(dir))
	_, err = os.ReadFile("/nonexistent/file")
	fmt.Println(err)
	u, err := user.Current()
	fmt.Println(u.Uid == fmt.Sprint(os.Getuid()), err)
}

func events() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-c)
	t := time.NewTicker(2 * time.Millisecond)
	<-t.C
	<-t.C
	select {
	case <-c:
	case <-time.After(10 * time.Millisecond):
		fmt.Println("timeout")
	}
	// A loop without calls: the run time must interrupt it by a signal.
	var stop atomic.Bool
	go func() {
		for !stop.Load() {
		}
	}()
	time.Sleep(5 * time.Millisecond)
	stop.Store(true)
	fmt.Println("preempted")
}

func main() {
	mode := append(os.Args, "")[1]
	fmt.Println("prime", prime(120))
	garbage()
	words(os.Stdin)
	library()
	files()
	events()
	if mode == "fault" {
		defer func() {
			fmt.Println("recovered:", recover())
			os.Exit(3)
		}()
		var r *record
		fmt.Println(r.Name)
	}
	if mode == "panic" {
		panic("no")
	}
}
