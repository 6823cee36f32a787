/* SPDX-License-Identifier: MIT */
/*
 * ACPI 6.4: RSDP (5.2.5.3), XSDT (5.2.8), FADT (5.2.9), MADT (5.2.12). The DSDT is byte code; of it
 * only two constant patterns are looked for: the package named _S5_ (7.4.2.6) and, behind each
 * device with the ID of a virtio-mmio transport, its resource template (6.4.3).
 */
#include "kernel/x86_64/acpi.h"

#include "kernel/clock.h"
#include "kernel/string.h"
#include "kernel/x86_64/kmap.h"

#define TABLE_MAX	  (1ul << 20)
#define POWER_OFF_WAIT_NS (5 * NSEC_PER_SEC)

struct rsdp {
	char signature[8];
	uint8_t checksum, oem[6], revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
} __attribute__((packed));

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum, ids[26];
} __attribute__((packed));

/* Offsets in the FADT. */
/* MADT (5.2.12): where the entries begin, each with type and length; those of processors. */
#define MADT_ENTRIES	     44
#define MADT_LOCAL_APIC	     0
#define MADT_LOCAL_APIC_SIZE 8
#define MADT_ENABLED	     1
#define FADT_FLAGS	     112
#define FADT_X_DSDT	     140
#define FADT_SLEEP_CONTROL   244 /* a generic address: space, width, offset, access, address */
#define FADT_REDUCED_END     268
#define FLAG_HW_REDUCED	     (1u << 20)
#define SPACE_MEMORY	     0

/* The sleep control register. */
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_ENABLE	 0x20

/* Byte code and resource descriptors. */
#define AML_BYTE	0x0a
#define AML_PACKAGE	0x12
#define RES_MEMORY32	"\x86\x09\x00" /* fixed: length 9; then flags, base, size */
#define RES_IRQ		0x89	       /* extended: length, flags, count, first number */
#define VIRTIO_MMIO_HID "LNRO0005"

static paddr_t rsdp_at;

void acpi_init(paddr_t rsdp)
{
	rsdp_at = rsdp;
}

static uint64_t read_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* The table at `pa`, all of it mapped, or NULL. */
static const struct header *map_table(paddr_t pa)
{
	const struct header *h = pa ? kmap_device(pa, sizeof(*h)) : NULL;
	uint32_t length;

	if (!h)
		return NULL;
	length = h->length;
	return length >= sizeof(*h) && length <= TABLE_MAX ? kmap_device(pa, length) : NULL;
}

/* The table with this signature out of the XSDT, or NULL. */
static const struct header *find_table(const char *signature)
{
	const struct rsdp *rsdp = rsdp_at ? kmap_device(rsdp_at, sizeof(*rsdp)) : NULL;
	const struct header *xsdt, *t;

	if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", 8) != 0 || rsdp->revision < 2)
		return NULL;
	xsdt = map_table(rsdp->xsdt);
	if (!xsdt)
		return NULL;
	for (uint32_t at = sizeof(*xsdt); at + 8 <= xsdt->length; at += 8) {
		t = map_table(read_le((const uint8_t *)xsdt + at, 8));
		if (t && memcmp(t->signature, signature, 4) == 0)
			return t;
	}
	return NULL;
}

unsigned acpi_cpus(uint8_t *apic_ids, unsigned max)
{
	const struct header *madt = find_table("APIC");
	const uint8_t *p = (const uint8_t *)madt;
	unsigned n = 0;

	for (uint32_t at = MADT_ENTRIES; madt && at + 2 <= madt->length && p[at + 1] >= 2;
	     at += p[at + 1]) {
		if (p[at] != MADT_LOCAL_APIC || at + MADT_LOCAL_APIC_SIZE > madt->length)
			continue;
		if ((p[at + 4] & MADT_ENABLED) && n < max)
			apic_ids[n++] = p[at + 3];
	}
	return n;
}

static const uint8_t *fadt_find(void)
{
	const struct header *fadt = find_table("FACP");

	return fadt && fadt->length >= FADT_REDUCED_END ? (const uint8_t *)fadt : NULL;
}

static const struct header *dsdt_find(const uint8_t *fadt)
{
	return map_table(read_le(fadt + FADT_X_DSDT, 8));
}

/* Where `what` begins in [p, end), or NULL. */
static const uint8_t *find_bytes(const uint8_t *p, const uint8_t *end, const char *what, size_t n)
{
	for (; p + n <= end; p++)
		if (memcmp(p, what, n) == 0)
			return p;
	return NULL;
}

/* The number for S5 out of the DSDT: the first element of its package, -1 if there is none. */
static int sleep_type(const struct header *dsdt)
{
	const uint8_t *end = (const uint8_t *)dsdt + dsdt->length;
	const uint8_t *p = find_bytes((const uint8_t *)(dsdt + 1), end, "_S5_", 4);

	if (!p || p + 8 > end || p[4] != AML_PACKAGE)
		return -1;
	p += 6 + (p[5] >> 6) + 1; /* the package's length has up to four bytes; then its count */
	if (p + 2 > end)
		return -1;
	return p[0] == AML_BYTE ? p[1] : p[0] <= 1 ? p[0] : -1;
}

void acpi_power_off(void)
{
	const uint8_t *fadt = fadt_find(), *gas;
	const struct header *dsdt = fadt ? dsdt_find(fadt) : NULL;
	volatile uint8_t *control;
	int type = dsdt ? sleep_type(dsdt) : -1;
	uint64_t deadline;

	if (type < 0 || !(read_le(fadt + FADT_FLAGS, 4) & FLAG_HW_REDUCED))
		return;
	gas = fadt + FADT_SLEEP_CONTROL;
	if (gas[0] != SPACE_MEMORY || !read_le(gas + 4, 8))
		return;
	control = kmap_device(read_le(gas + 4, 8), 1);
	if (!control)
		return;
	*control = (uint8_t)(type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
	/* The monitor takes a moment, in which we run on. */
	deadline = clock_mono_ns() + POWER_OFF_WAIT_NS;
	while (clock_mono_ns() < deadline)
		__builtin_ia32_pause();
}

/* The resource template of the device whose ID is at `p`: its registers and its interrupt. */
static void add_virtio(const uint8_t *p, const uint8_t *end,
		       int (*add)(paddr_t pa, uint64_t size, unsigned gsi))
{
	const uint8_t *mem = find_bytes(p, end, RES_MEMORY32, 3), *irq;

	if (!mem || mem + 21 > end)
		return;
	irq = mem + 12;
	if (irq[0] == RES_IRQ && irq[4] >= 1)
		add(read_le(mem + 4, 4), read_le(mem + 8, 4), (unsigned)read_le(irq + 5, 4));
}

void acpi_virtio_devices(int (*add)(paddr_t pa, uint64_t size, unsigned gsi))
{
	const uint8_t *fadt = fadt_find(), *p, *end;
	const struct header *dsdt = fadt ? dsdt_find(fadt) : NULL;

	if (!dsdt)
		return;
	p = (const uint8_t *)(dsdt + 1);
	end = (const uint8_t *)dsdt + dsdt->length;
	while ((p = find_bytes(p, end, VIRTIO_MMIO_HID, sizeof(VIRTIO_MMIO_HID)))) {
		p += sizeof(VIRTIO_MMIO_HID);
		add_virtio(p, end, add);
	}
}
