(* SPDX-License-Identifier: MIT *)
(* Threads, collector, faults, processes and signals of OCaml's bytecode. Prints the same everywhere. *)
let rec deep n = if n = 0 then 0 else 1 + deep (n - 1)

let () =
  let m = Mutex.create () and c = Condition.create () and turn = ref 0 in
  let pass me =
    for _ = 1 to 200 do
      Mutex.lock m;
      while !turn mod 3 <> me do Condition.wait c m done;
      incr turn;
      Condition.broadcast c;
      Mutex.unlock m
    done in
  List.iter Thread.join (List.map (Thread.create pass) [0; 1; 2]);
  Printf.printf "%d\n" !turn;
  let kept = ref [] in
  for i = 1 to 200_000 do
    let b = Bytes.create (i mod 1000) in
    if i mod 1000 = 999 then kept := b :: !kept
  done;
  Gc.full_major ();
  Printf.printf "%d\n" (List.fold_left (fun n b -> n + Bytes.length b) 0 !kept);
  Printf.printf "%d\n" (deep 100_000);
  let got = ref false in
  Sys.set_signal Sys.sigusr1 (Sys.Signal_handle (fun _ -> got := true));
  Unix.kill (Unix.getpid ()) Sys.sigusr1;
  while not !got do Thread.yield () done;
  let r, w = Unix.pipe () in
  (match Unix.fork () with
   | 0 -> ignore (Unix.write_substring w "child" 0 5); Unix._exit 5
   | pid ->
     let b = Bytes.create 10 in
     let n = Unix.read r b 0 10 in
     (match Unix.waitpid [] pid with
      | _, Unix.WEXITED s -> Printf.printf "%s %d\n" (Bytes.sub_string b 0 n) s
      | _ -> print_endline "?"));
  print_endline (try List.hd [] with Failure e -> e);
  exit 8
