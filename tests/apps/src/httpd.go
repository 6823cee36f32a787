// SPDX-License-Identifier: MIT

// A web server of Go's own library and clients of it, in one process, over the loopback interface.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const clients = 8

func main() {
	requests, _ := strconv.Atoi(os.Args[1])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	body := make([]byte, 2000)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(body) }))
	url := "http://" + listener.Addr().String() + "/"
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = clients
	var wait sync.WaitGroup
	var failed [clients]int
	start := time.Now()
	for c := 0; c < clients; c++ {
		wait.Add(1)
		go func(c int) {
			defer wait.Done()
			for i := c; i < requests; i += clients {
				r, err := http.Get(url)
				if err != nil {
					failed[c]++
					continue
				}
				n, _ := io.Copy(io.Discard, r.Body)
				r.Body.Close()
				if n != int64(len(body)) {
					failed[c]++
				}
			}
		}(c)
	}
	wait.Wait()
	total := 0
	for _, n := range failed {
		total += n
	}
	fmt.Println("failed", total)
	fmt.Fprintf(os.Stderr, "http %.0f requests/s\n", float64(requests)/time.Since(start).Seconds())
}
