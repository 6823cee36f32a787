;;;; SPDX-License-Identifier: MIT
;;;; Threads, collector, faults and processes of SBCL. Prints the same everywhere.
(let ((lock (sb-thread:make-mutex)) (n 0))
  (flet ((count-up () (dotimes (i 1000) (sb-thread:with-mutex (lock) (incf n)))))
    (mapc #'sb-thread:join-thread (loop repeat 4 collect (sb-thread:make-thread #'count-up))))
  (print n))
(print (loop for i from 1 to 300000 sum (length (make-list (mod i 7)))))
(sb-ext:gc :full t)
(print (handler-case (car (read-from-string "5")) (type-error () :type-error)))
(print (sb-ext:process-exit-code (sb-ext:run-program "/bin/busybox" '("sh" "-c" "exit 7"))))
(terpri)
(sb-ext:exit :code 4)
