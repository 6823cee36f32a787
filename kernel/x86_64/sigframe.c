/* SPDX-License-Identifier: MIT */
/*
 * Signal frames (arch/x86 of Linux, asm/sigcontext.h). From the top of the stack downwards:
 *
 *	red zone of 128 bytes (not after a switch to the alternate stack)
 *	vector state, 64-byte aligned: XSAVE image with struct _fpx_sw_bytes in its reserved part,
 *then FP_XSTATE_MAGIC2 struct rt_sigframe, at 16n + 8, so that the handler finds the stack as after
 *a call
 *
 * Nothing in a frame is trusted when it comes back: flags are limited to the program's own,
 *selectors must be the program's, and an XSAVE image that the CPU refuses is an error.
 */
#include "kernel/x86_64/sigframe.h"

#include "kernel/heap.h"
#include "kernel/ring0/nub.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/x86_64/cpu.h"

#define RED_ZONE 128

#define RFLAGS_TF (1u << 8)
#define RFLAGS_DF (1u << 10)
#define RFLAGS_RF (1u << 16)
/* AC OF DF TF SF ZF AF PF CF, and RF: what a program may set through a frame. */
#define RFLAGS_USER (0x40dd5u | RFLAGS_RF)

/* XSAVE area (SDM 1 13.4): the legacy region, the header, then the extended components. */
#define XSAVE_MXCSR	 24
#define XSAVE_MXCSR_MASK 28
#define XSAVE_SW_BYTES	 464
#define XSAVE_HEADER	 512
#define XSAVE_MIN_SIZE	 576
#define XFEATURES_FPSSE	 3ull
#define MXCSR_MASK_DFL	 0xffbfu

struct xsave_header {
	uint64_t features, compaction;
	uint64_t reserved[6];
};

struct rt_sigframe {
	uint64_t pretcode;
	struct ucontext uc;
	siginfo_t info;
};

_Static_assert(sizeof(struct _fpx_sw_bytes) == XSAVE_HEADER - XSAVE_SW_BYTES, "sw_reserved");
_Static_assert(offsetof(struct rt_sigframe, info) == 312, "Linux's struct rt_sigframe");
_Static_assert(sizeof(struct rt_sigframe) == 440, "Linux's struct rt_sigframe");

/* The initial vector state: x87 control word and MXCSR, no component in use. */
static const struct {
	uint16_t cwd;
	uint8_t pad1[XSAVE_MXCSR - 2];
	uint32_t mxcsr;
	uint8_t pad2[XSAVE_MIN_SIZE - XSAVE_MXCSR - 4];
} initial_xstate __attribute__((aligned(64))) = {.cwd = 0x37f, .mxcsr = 0x1f80};

static size_t xstate_frame_size(void)
{
	return cpu_xstate_size() + (cpu_has_xsave() ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t sigframe_max_size(void)
{
	return ALIGN_UP(RED_ZONE + 63 + xstate_frame_size() + 15 + 8 + sizeof(struct rt_sigframe),
			16);
}

/* ---- making a frame ---- */

/*
 * Where the frame goes; *fp gets the place of the vector state. Returns 0 if it would leave the
 * alternate stack, or the program's half of the address space.
 */
static uint64_t frame_place(const struct regs *regs, const struct ksigaction *act, uint64_t *fp)
{
	const stack_t *alt = &current->altstack;
	bool on_alt = altstack_in_use(alt, regs->rsp);
	uint64_t sp = regs->rsp - RED_ZONE, frame;

	if ((act->flags & SA_ONSTACK) && alt->ss_size && !altstack_in_use(alt, sp)) {
		sp = (uint64_t)alt->ss_sp + alt->ss_size;
		on_alt = true;
	}
	*fp = ALIGN_DOWN(sp - xstate_frame_size(), 64);
	frame = ALIGN_DOWN(*fp - sizeof(struct rt_sigframe), 16) - 8;
	if (on_alt && !altstack_holds(alt, frame))
		return 0;
	if (!user_range_ok(frame, sp - frame))
		return 0;
	return frame;
}

/* Save the live vector state, marked so that programs can tell the layout. */
static int xstate_save(uint64_t fp)
{
	struct _fpx_sw_bytes sw = {
	    .magic1 = FP_XSTATE_MAGIC1,
	    .extended_size = xstate_frame_size(),
	    .xfeatures = cpu_xstate_mask(),
	    .xstate_size = cpu_xstate_size(),
	};
	uint64_t features;

	if (!cpu_has_xsave())
		return cpu_xsave_user(fp);
	/* XSAVE writes only the first word of the header. */
	if (uaccess_zero(fp + XSAVE_HEADER, sizeof(struct xsave_header)) || cpu_xsave_user(fp) ||
	    get_user(&features, fp + XSAVE_HEADER) ||
	    put_user(fp + XSAVE_HEADER, features | XFEATURES_FPSSE) ||
	    copy_to_user(fp + XSAVE_SW_BYTES, &sw, sizeof(sw)) ||
	    put_user(fp + sw.xstate_size, (uint32_t)FP_XSTATE_MAGIC2))
		return -EFAULT;
	return 0;
}

static void fill_ucontext(struct ucontext *uc, const struct regs *r, uint64_t mask, uint64_t fp)
{
	const struct thread *t = current;

	*uc = (struct ucontext){
	    .uc_flags =
		UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (cpu_has_xsave() ? UC_FP_XSTATE : 0),
	    .uc_stack = t->altstack,
	    .uc_sigmask = mask,
	    .uc_mcontext =
		{
		    .r8 = r->r8,
		    .r9 = r->r9,
		    .r10 = r->r10,
		    .r11 = r->r11,
		    .r12 = r->r12,
		    .r13 = r->r13,
		    .r14 = r->r14,
		    .r15 = r->r15,
		    .rdi = r->rdi,
		    .rsi = r->rsi,
		    .rbp = r->rbp,
		    .rbx = r->rbx,
		    .rdx = r->rdx,
		    .rax = r->rax,
		    .rcx = r->rcx,
		    .rsp = r->rsp,
		    .rip = r->rip,
		    .eflags = r->rflags,
		    .cs = SEL_USER_CS,
		    .ss = SEL_USER_SS,
		    .err = t->fault_err,
		    .trapno = t->fault_trapno,
		    .oldmask = mask,
		    .cr2 = t->fault_addr,
		    .fpstate = (struct _fpstate *)fp,
		},
	};
}

int sigframe_push(struct regs *regs, const struct ksigaction *act, const siginfo_t *info,
		  uint64_t mask)
{
	struct rt_sigframe f;
	uint64_t fp, at;
	size_t len = act->flags & SA_SIGINFO ? sizeof(f) : offsetof(struct rt_sigframe, info);

	if (!(act->flags & SA_RESTORER))
		return -EFAULT;
	at = frame_place(regs, act, &fp);
	if (!at || xstate_save(fp))
		return -EFAULT;
	f.pretcode = act->restorer;
	fill_ucontext(&f.uc, regs, mask, fp);
	f.info = *info;
	if (copy_to_user(at, &f, len))
		return -EFAULT;

	regs->rdi = info->si_signo;
	regs->rsi = at + offsetof(struct rt_sigframe, info);
	regs->rdx = at + offsetof(struct rt_sigframe, uc);
	regs->rax = 0;
	regs->rip = act->handler;
	regs->rsp = at;
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_SS;
	regs->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	cpu_xrstor(&initial_xstate);
	return 0;
}

/* ---- undoing it ---- */

/*
 * Restore from an image that is not (or no longer) one of ours: only `features` of it, the others
 * initial; without an XSAVE header (len == XSAVE_HEADER) the legacy region. Checks what XRSTOR
 * would fault on.
 */
static int xstate_restore_part(uint64_t fp, uint64_t features, size_t len)
{
	uint8_t *buf = kmalloc(MAX(PAGE_SIZE, cpu_xstate_size())); /* page-aligned */
	struct xsave_header *hdr = (struct xsave_header *)(buf + XSAVE_HEADER);
	static const uint64_t none[6];
	uint32_t mxcsr_mask;
	int r = -EFAULT;

	if (!buf)
		return -EFAULT;
	cpu_xsave(buf);
	memcpy(&mxcsr_mask, buf + XSAVE_MXCSR_MASK, 4);
	if (!mxcsr_mask)
		mxcsr_mask = MXCSR_MASK_DFL;
	memset(hdr, 0, sizeof(*hdr));
	if (copy_from_user(buf, fp, len))
		goto out;
	if (len == XSAVE_HEADER)
		hdr->features = XFEATURES_FPSSE;
	if ((hdr->features & ~cpu_xstate_mask()) || hdr->compaction ||
	    memcmp(hdr->reserved, none, sizeof(none)) ||
	    (*(uint32_t *)(buf + XSAVE_MXCSR) & ~mxcsr_mask))
		goto out;
	hdr->features &= features;
	cpu_xrstor(buf);
	r = 0;
out:
	kfree(buf);
	return r;
}

/* Load the vector state at fp (0: the initial one). 0 or -EFAULT; the state is then initial. */
static int xstate_restore(uint64_t fp)
{
	struct _fpx_sw_bytes sw;
	uint64_t mask = cpu_xstate_mask();
	uint32_t magic2;
	int r = -EFAULT;

	if (!fp || !user_range_ok(fp, cpu_xstate_size()))
		goto initial;
	if (!cpu_has_xsave()) {
		r = cpu_xrstor_user(fp);
		goto out;
	}
	if (copy_from_user(&sw, fp + XSAVE_SW_BYTES, sizeof(sw)))
		goto initial;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < XSAVE_MIN_SIZE ||
	    sw.xstate_size > cpu_xstate_size() || sw.xstate_size > sw.extended_size) {
		r = xstate_restore_part(fp, XFEATURES_FPSSE, XSAVE_HEADER);
		goto out;
	}
	if (get_user(&magic2, fp + sw.xstate_size))
		goto initial;
	if (magic2 != FP_XSTATE_MAGIC2)
		r = xstate_restore_part(fp, XFEATURES_FPSSE, XSAVE_HEADER);
	else if ((sw.xfeatures & mask) == mask)
		r = cpu_xrstor_user(fp);
	else
		r = xstate_restore_part(fp, sw.xfeatures & mask, cpu_xstate_size());
out:
	if (r == 0)
		return 0;
initial:
	cpu_xrstor(&initial_xstate);
	return fp ? -EFAULT : 0;
}

static void load_regs(struct regs *r, const struct sigcontext *sc)
{
	r->r8 = sc->r8;
	r->r9 = sc->r9;
	r->r10 = sc->r10;
	r->r11 = sc->r11;
	r->r12 = sc->r12;
	r->r13 = sc->r13;
	r->r14 = sc->r14;
	r->r15 = sc->r15;
	r->rdi = sc->rdi;
	r->rsi = sc->rsi;
	r->rbp = sc->rbp;
	r->rbx = sc->rbx;
	r->rdx = sc->rdx;
	r->rax = sc->rax;
	r->rcx = sc->rcx;
	r->rsp = sc->rsp;
	r->rip = sc->rip;
	r->rflags = (r->rflags & ~(uint64_t)RFLAGS_USER) | (sc->eflags & RFLAGS_USER);
}

/*
 * Other selectors than the program's own would fault at IRETQ on Linux (there is no 32-bit mode
 * here); a bad SS is mended for programs that do not ask for it to be restored strictly
 * (asm/ucontext.h).
 */
int sigframe_pop(struct regs *regs, struct sigframe_state *out)
{
	uint64_t frame = regs->rsp - sizeof(uint64_t);
	struct ucontext uc;

	/* The entry of a system call leaves these out. */
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_SS;
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	regs->orig_rax = (uint64_t)-1;
	if (!user_range_ok(frame, sizeof(struct rt_sigframe)) ||
	    copy_from_user(&uc, frame + offsetof(struct rt_sigframe, uc), sizeof(uc)))
		return -EFAULT;
	out->mask = uc.uc_sigmask;
	load_regs(regs, &uc.uc_mcontext);
	if (xstate_restore((uint64_t)uc.uc_mcontext.fpstate))
		return -EFAULT;
	out->altstack = uc.uc_stack;
	if ((uc.uc_mcontext.cs | 3) != SEL_USER_CS ||
	    ((uc.uc_flags & UC_STRICT_RESTORE_SS) && (uc.uc_mcontext.ss | 3) != SEL_USER_SS))
		return -EFAULT;
	return 0;
}
