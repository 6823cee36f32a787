// SPDX-License-Identifier: MIT

// Exercises the run time of Java: threads and locks, the executors, the collector, timers, faults that become
// exceptions, processes, files and memory maps. Prints the same everywhere.
import java.io.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;
import java.util.zip.*;

public class Threads {
	static volatile Object sink;

	/** Every thread passes a token on, through a lock and a condition. */
	static int ring(int threads, int rounds) throws Exception {
		ReentrantLock lock = new ReentrantLock();
		Condition turned = lock.newCondition();
		int[] turn = {0};
		Thread[] all = new Thread[threads];
		for (int i = 0; i < threads; i++) {
			int me = i;
			all[i] = new Thread(() -> {
				for (int r = 0; r < rounds; r++) {
					lock.lock();
					try {
						while (turn[0] % threads != me)
							turned.awaitUninterruptibly();
						turn[0]++;
						turned.signalAll();
					} finally {
						lock.unlock();
					}
				}
			});
			all[i].start();
		}
		for (Thread t : all)
			t.join();
		return turn[0];
	}

	/** Monitors, from threads that mostly collide. */
	static long monitors() throws Exception {
		Map<Integer, Long> sums = new HashMap<>();
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Long>> parts = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			int n = i;
			parts.add(pool.submit(() -> {
				long sum = 0;
				for (int k = 0; k < 2000; k++) {
					synchronized (sums) {
						sums.merge(k % 7, (long) n, Long::sum);
					}
					sum += k;
				}
				return sum;
			}));
		}
		long total = 0;
		for (Future<Long> f : parts)
			total += f.get();
		pool.shutdown();
		System.out.println("pool ended " + pool.awaitTermination(60, TimeUnit.SECONDS));
		return total + sums.values().stream().mapToLong(x -> x).sum();
	}

	/** Garbage, most of it short-lived, while other threads make more. */
	static int garbage() throws Exception {
		AtomicInteger kept = new AtomicInteger();
		Thread[] all = new Thread[4];
		for (int i = 0; i < all.length; i++) {
			all[i] = new Thread(() -> {
				List<byte[]> keep = new ArrayList<>();
				for (int k = 0; k < 20000; k++) {
					byte[] b = new byte[k % 4096];
					sink = b;
					if (k % 500 == 0)
						keep.add(b);
				}
				kept.addAndGet(keep.size());
			});
			all[i].start();
		}
		for (Thread t : all)
			t.join();
		System.gc();
		return kept.get();
	}

	/** What the virtual machine makes of a SIGSEGV, of the end of a stack and of a division by zero. */
	static void faults() {
		int caught = 0;
		for (int i = 0; i < 20000; i++) {
			try {
				Object o = i % 3 == 0 ? null : "x";
				sink = o.hashCode();
			} catch (NullPointerException e) {
				caught++;
			}
		}
		System.out.println("null pointers " + caught);
		try {
			System.out.println(deep(0));
		} catch (StackOverflowError e) {
			System.out.println("stack overflow");
		}
		try {
			System.out.println(1 / (caught - caught));
		} catch (ArithmeticException e) {
			System.out.println(e.getMessage());
		}
	}

	static int deep(int n) {
		return n < 0 ? 0 : 1 + deep(n + 1);
	}

	static void timers() throws Exception {
		ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
		List<Integer> order = Collections.synchronizedList(new ArrayList<>());
		CountDownLatch done = new CountDownLatch(4);
		for (int i = 3; i >= 0; i--) {
			int n = i;
			timer.schedule(() -> {
				order.add(n);
				done.countDown();
			}, 100 + 400 * n, TimeUnit.MILLISECONDS);
		}
		System.out.println("fired " + done.await(60, TimeUnit.SECONDS));
		timer.shutdownNow();
		Collections.sort(order);
		System.out.println(order);
		Thread sleeper = new Thread(() -> {
			try {
				Thread.sleep(100000);
			} catch (InterruptedException e) {
				System.out.println("interrupted");
			}
		});
		sleeper.start();
		sleeper.interrupt();
		sleeper.join();
		Object never = new Object();
		synchronized (never) {
			never.wait(20);
		}
	}

	static void files() throws Exception {
		Path p = Files.createTempFile("uniload", ".bin");
		try (FileChannel ch = FileChannel.open(p, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			MappedByteBuffer map = ch.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
			for (int i = 0; i < map.capacity(); i += 8)
				map.putLong(i, i * 31L);
			map.force();
			ch.truncate(1 << 16);
			try (FileLock l = ch.lock()) {
				System.out.println("locked " + l.isValid());
			}
		}
		byte[] all = Files.readAllBytes(p);
		CRC32 crc = new CRC32();
		crc.update(all);
		System.out.println(all.length + " " + Long.toHexString(crc.getValue()));
		Files.delete(p);
		Pipe pipe = Pipe.open();
		pipe.source().configureBlocking(false);
		Selector sel = Selector.open();
		pipe.source().register(sel, SelectionKey.OP_READ);
		new Thread(() -> {
			try {
				pipe.sink().write(ByteBuffer.wrap("through a pipe".getBytes()));
			} catch (IOException e) {
				System.out.println(e);
			}
		}).start();
		System.out.println("selected " + sel.select(60000));
		ByteBuffer b = ByteBuffer.allocate(100);
		pipe.source().read(b);
		System.out.println(new String(b.array(), 0, b.position(), StandardCharsets.UTF_8));
	}

	static void processes() throws Exception {
		Process p = new ProcessBuilder("/bin/busybox", "sh", "-c", "read x; echo got $x; exit 3").start();
		p.getOutputStream().write("a line\n".getBytes());
		p.getOutputStream().close();
		System.out.print(new String(p.getInputStream().readAllBytes()));
		System.out.println("status " + p.waitFor());
	}

	public static void main(String[] args) throws Exception {
		System.out.println("ring " + ring(5, 200));
		System.out.println("monitors " + monitors());
		System.out.println("kept " + garbage());
		faults();
		timers();
		files();
		processes();
		System.out.println(IntStream.range(0, 200000).parallel().mapToLong(i -> i * 7L % 11).sum());
		System.out.println(new java.math.BigInteger("3").pow(5000).mod(java.math.BigInteger.valueOf(1000003)));
		byte[] hash = MessageDigest.getInstance("SHA-256").digest("uniload".getBytes());
		System.out.println(new java.math.BigInteger(1, hash).toString(16));
		CompletableFuture<String> f = CompletableFuture.supplyAsync(() -> "a").thenCombine(
			CompletableFuture.supplyAsync(() -> "b"), String::concat);
		System.out.println(f.get());
		System.exit(7);
	}
}
