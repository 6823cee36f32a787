# SPDX-License-Identifier: MIT
#
# Exercises the run time of Ruby: threads, fibers, processes, signals, timeouts. Prints the same everywhere.
require "socket"
require "timeout"

work = Queue.new
results = Queue.new
threads = 4.times.map do
  Thread.new do
    while (x = work.pop)
      results << x * x
    end
  end
end
1000.times { |i| work << i }
4.times { work << nil }
threads.each(&:join)
sum = 0
sum += results.pop until results.empty?
p sum

mutex = Mutex.new
turned = ConditionVariable.new
turn = 0
2.times.map do |me|
  Thread.new do
    200.times do
      mutex.synchronize do
        turned.wait(mutex) until turn % 2 == me
        turn += 1
        turned.broadcast
      end
    end
  end
end.each(&:join)
p turn

fiber = Fiber.new do |x|
  3.times { x = Fiber.yield(x * 2) }
  :done
end
p (1..4).map { |x| fiber.resume(x) }
fibonacci = Enumerator.new do |y|
  a, b = 0, 1
  loop do
    y << a
    a, b = b, a + b
  end
end
p fibonacci.lazy.select(&:even?).first(8)

Process.wait(fork { exit 9 })
p $?.exitstatus
reader, writer = IO.pipe
child = fork do
  reader.close
  writer.puts "child"
  writer.close
  exit!(0)
end
writer.close
p reader.read
Process.wait(child)
p `echo "a shell"; exit 4`, $?.exitstatus

trapped = Queue.new
trap("USR1") { trapped << "trapped" }
Process.kill("USR1", $$)
p trapped.pop
pair = UNIXSocket.pair
pair[0].write("x")
p pair[1].readpartial(5)
begin
  Timeout.timeout(0.2) { sleep 1000 }
rescue Timeout::Error
  puts "timeout"
end
GC.start
p GC.count > 0
stopped = Thread.new do
  Thread.stop
  2
end
Thread.pass until stopped.stop?
stopped.wakeup
p stopped.value
exit 3
