// SPDX-License-Identifier: MIT

//! Exercises Rust's standard library: threads and what they wait on, collections, files, panics; counts the words of
//! its standard input. `words panic` ends by a panic, `words overflow` by a stack that is too deep.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;
use std::time::{Duration, Instant};

thread_local!(static NAME: std::cell::RefCell<String> = std::cell::RefCell::new(String::from("none")));

fn words(text: &str) {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for w in text.split_whitespace() {
        *count.entry(w).or_insert(0) += 1;
    }
    let mut sorted: Vec<_> = count.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    for (w, n) in sorted.iter().take(10) {
        println!("{:6} {}", n, w);
    }
}

fn locks() {
    let sum = Arc::new(Mutex::new(0u64));
    let steps = Arc::new(AtomicU64::new(0));
    let together = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8u64)
        .map(|i| {
            let (sum, steps, together) = (sum.clone(), steps.clone(), together.clone());
            thread::spawn(move || {
                NAME.with(|n| *n.borrow_mut() = format!("t{}", i));
                together.wait();
                for j in 0..2000 {
                    *sum.lock().unwrap() += i * j;
                    steps.fetch_add(1, Ordering::Relaxed);
                }
                NAME.with(|n| n.borrow().clone())
            })
        })
        .collect();
    let names: Vec<String> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("{} {} {}", sum.lock().unwrap(), steps.load(Ordering::SeqCst), names.join(","));

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let other = pair.clone();
    let t = thread::spawn(move || {
        for _ in 0..100 {
            *other.0.lock().unwrap() += 1;
            other.1.notify_one();
        }
    });
    let mut n = pair.0.lock().unwrap();
    while *n < 100 {
        n = pair.1.wait(n).unwrap();
    }
    drop(n);
    t.join().unwrap();
    let (_, late) = pair.1.wait_timeout(pair.0.lock().unwrap(), Duration::from_millis(5)).unwrap();
    println!("timed out {}", late.timed_out());

    let shared = RwLock::new(VecDeque::from(vec![1, 2, 3]));
    shared.write().unwrap().push_front(0);
    static ONCE: Once = Once::new();
    ONCE.call_once(|| println!("once"));
    ONCE.call_once(|| println!("twice"));
    println!("{:?} {}", shared.read().unwrap(), [1, 2, 2].iter().collect::<HashSet<_>>().len());
}

fn channels() {
    let (send, receive) = mpsc::sync_channel(2);
    for i in 0..5u64 {
        let send = send.clone();
        thread::Builder::new()
            .name(format!("sender {}", i))
            .spawn(move || {
                thread::sleep(Duration::from_millis(i));
                (0..50).for_each(|j| send.send(i * 100 + j).unwrap())
            })
            .unwrap();
    }
    drop(send);
    let mut got: Vec<u64> = receive.iter().collect();
    got.sort_unstable();
    println!("{} {:?}", got.len(), got.chunks(50).map(|c| c[49]).collect::<Vec<_>>());
}

fn files() -> io::Result<()> {
    let dir = std::env::temp_dir().join(format!("words-{}", std::process::id()));
    fs::create_dir(&dir)?;
    for i in 0..100usize {
        fs::write(dir.join(format!("f{:02}", i)), vec![b'x'; i])?;
    }
    fs::rename(dir.join("f99"), dir.join("last"))?;
    let sizes: BTreeMap<_, _> = fs::read_dir(&dir)?
        .map(|e| e.and_then(|e| Ok((e.file_name(), e.metadata()?.len()))))
        .collect::<io::Result<_>>()?;
    println!("{} {} {:?}", sizes.len(), sizes.values().sum::<u64>(), sizes.iter().last());
    println!("{:?}", fs::read("/nonexistent").map_err(|e| (e.kind(), e.raw_os_error())));
    fs::remove_dir_all(&dir)
}

/// Too deep for any stack; what it looks at last keeps the compiler from making a loop of it.
fn deep(n: u64) -> u64 {
    let frame = [n; 100];
    let below = if n < u64::MAX { deep(n + 1) } else { 0 };
    below + unsafe { std::ptr::read_volatile(&frame[(n % 100) as usize]) }
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    words(&text);
    locks();
    channels();
    files().unwrap();
    let began = Instant::now();
    thread::sleep(Duration::from_millis(3));
    println!("slept {}", began.elapsed() >= Duration::from_millis(3));
    let failed = thread::Builder::new().name("index".into()).spawn(|| Vec::<i32>::new()[3]).unwrap().join();
    println!("panicked {}", failed.is_err());
    io::stdout().flush().unwrap();
    match &mode[..] {
        "panic" => Err::<(), _>("no").unwrap(),
        "overflow" => println!("{}", deep(1)),
        "exit" => std::process::exit(200),
        "abort" => std::process::abort(),
        _ => (),
    }
}
