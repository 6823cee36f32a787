/* SPDX-License-Identifier: MIT */
/* msgctl(2): every command; /proc/sysvipc/msg. */
#include "tests/guest/tap.h"

#include <sys/msg.h>
#include <time.h>

static struct msqid_ds ds;
static int id, key;

static void test_stat(void)
{
	struct {
		long type;
		char text[8];
	} m = {1, "1234567"};
	time_t now = time(NULL);

	works(msgctl(id, IPC_STAT, &ds));
	is(ds.msg_perm.__key, key);
	is(ds.msg_perm.mode, 0640);
	is(ds.msg_perm.uid, geteuid());
	is(ds.msg_perm.cgid, getegid());
	is(ds.msg_qnum, 0);
	is(ds.msg_stime, 0);
	is(ds.msg_rtime, 0);
	is(ds.msg_lspid, 0);
	ok(ds.msg_qbytes > 0);
	ok(ds.msg_ctime >= now - 60 && ds.msg_ctime <= now + 60);
	works(msgsnd(id, &m, 8, 0));
	works(msgctl(id, IPC_STAT, &ds));
	is(ds.msg_qnum, 1);
	is(ds.__msg_cbytes, 8);
	is(ds.msg_lspid, getpid());
	is(ds.msg_lrpid, 0);
	ok(ds.msg_stime >= now - 60 && ds.msg_stime <= now + 60);
	is(ds.msg_rtime, 0);
	fails(msgctl(id, IPC_STAT, BAD), EFAULT);
	fails(msgctl(id, IPC_STAT, (void *)(edge() - sizeof(ds) + 1)), EFAULT);
	fails(msgctl(id, 99, &ds), EINVAL);
	fails(msgctl(id, IPC_STAT | 0x100, &ds), EINVAL);
	fails(msgctl(-1, IPC_STAT, &ds), EINVAL);
	fails(msgctl(id, -1, &ds), EINVAL);
	fails(msgctl(id + 32768 * 100, IPC_STAT, &ds), EINVAL);
}

static void test_set(void)
{
	works(msgctl(id, IPC_STAT, &ds));
	ds.msg_perm.mode = 0777 | 01000;
	ds.msg_qbytes = 1000;
	works(msgctl(id, IPC_SET, &ds));
	works(msgctl(id, IPC_STAT, &ds));
	is(ds.msg_perm.mode, 0777);
	is(ds.msg_qbytes, 1000);
	fails(msgctl(id, IPC_SET, BAD), EFAULT);
	ds.msg_perm.gid = -1;
	fails(msgctl(id, IPC_SET, &ds), EINVAL);
	ds.msg_perm.gid = getegid();
	ds.msg_qbytes = 1ul << 30;
	if (msgctl(id, IPC_SET, &ds) == 0)
		skip("a privileged process may do everything");
	else
		is(errno, EPERM);
	ds.msg_qbytes = 1000;
	if (is_root()) {
		skip("root may do everything");
	} else {
		ds.msg_perm.mode = 0;
		works(msgctl(id, IPC_SET, &ds));
		fails(msgctl(id, IPC_STAT, &ds), EACCES);
		fails(msgsnd(id, &ds, 1, 0), EACCES);
		fails(msgrcv(id, &ds, 1, 0, 0), EACCES);
		fails(msgget(key, 0400), EACCES);
		works(msgctl(id % 32768, MSG_STAT_ANY, &ds));
	}
	ds.msg_perm.mode = 0640;
	ds.msg_qbytes = 2000;
	works(msgctl(id, IPC_SET, &ds));
}

static void test_info(void)
{
	struct msginfo in = {0};
	int top;

	works(top = msgctl(0, IPC_INFO, (void *)&in));
	ok(top >= id % 32768);
	ok(in.msgmax > 0 && in.msgmnb > 0 && in.msgmni > 0);
	is(in.msgssz, 16);
	is(in.msgseg, 0xffff);
	is(in.msgpool, 512000);
	works(msgctl(0, MSG_INFO, (void *)&in));
	ok(in.msgpool >= 1 && in.msgmap >= 1 && in.msgtql >= 8);
	fails(msgctl(0, MSG_INFO, BAD), EFAULT);
	fails(msgctl(0, IPC_INFO, BAD_KERNEL), EFAULT);
	is(msgctl(id % 32768, MSG_STAT, &ds), id);
	is(msgctl(id % 32768, MSG_STAT_ANY, &ds), id);
	is(ds.msg_qnum, 1);
	fails(msgctl(32767, MSG_STAT, &ds), EINVAL);
	fails(msgctl(id % 32768, MSG_STAT, BAD), EFAULT);
}

static void test_proc(void)
{
	char buf[65536], want[128];
	int fd = open("/proc/sysvipc/msg", O_RDONLY);
	int n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = 0;
	ok(!strncmp(
	    buf,
	    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  "
	    "cgid      stime      rtime      ctime\n",
	    118));
	snprintf(want, sizeof(want), "\n%10d %10d   640           8          1 %5d     0 %5d %5d ",
		 key, id, getpid(), geteuid(), getegid());
	ok(strstr(buf, want));
	close(fd);
}

int main(void)
{
	key = 0x44000000 | getpid() << 8 | (int)(time(NULL) & 0xff);
	works(id = msgget(key, IPC_CREAT | 0640));
	test_stat();
	test_set();
	test_info();
	test_proc();
	works(msgctl(id, IPC_RMID, NULL));
	fails(msgctl(id, IPC_RMID, NULL), EINVAL);
	return tap_done();
}
