/**
 * Kernel modules that can be loaded: sizes and what they need, as CentOS 7.6's lsmod shows them. What a module
 * does is the business of the rooms that ask whether it is loaded.
 */
export interface ModuleFile { size: number; needs: readonly string[]; description?: string; license?: string }

const table = `
overlay 71964
br_netfilter 22256 bridge
bridge 151336 stp llc
stp 12976 llc
llc 14552
vxlan 53857 ip6_udp_tunnel udp_tunnel
ip6_udp_tunnel 12755
udp_tunnel 14423
veth 13410
dummy 12960
ip_tables 27126
iptable_filter 12810 ip_tables
iptable_nat 12875 ip_tables nf_nat_ipv4
iptable_mangle 12695 ip_tables
iptable_raw 12678 ip_tables
iptable_security 12705 ip_tables
ip6_tables 26912
ip6table_filter 12815 ip6_tables
ip6table_nat 12864 ip6_tables nf_nat_ipv6
ip6table_mangle 12700 ip6_tables
ip6table_raw 12683 ip6_tables
nf_conntrack 139224
nf_conntrack_ipv4 15053 nf_conntrack nf_defrag_ipv4
nf_conntrack_ipv6 18935 nf_conntrack nf_defrag_ipv6
nf_defrag_ipv4 12729
nf_defrag_ipv6 35104
nf_conntrack_netlink 36396 nf_conntrack nfnetlink
nfnetlink 14490
nf_nat 26583 nf_conntrack
nf_nat_ipv4 14115 nf_nat nf_conntrack
nf_nat_ipv6 14131 nf_nat nf_conntrack
nf_nat_masquerade_ipv4 13463 nf_nat nf_conntrack
nf_reject_ipv4 13373
ipt_MASQUERADE 12678 nf_nat_masquerade_ipv4
ipt_REJECT 12541 nf_reject_ipv4
xt_conntrack 12760 nf_conntrack
xt_addrtype 12676
xt_comment 12504
xt_mark 12563
xt_nat 12681 nf_nat
xt_statistic 12601
xt_multiport 12798
xt_recent 18542
xt_set 18141 ip_set
xt_LOG 12690
xt_CHECKSUM 12549
xt_REDIRECT 12687 nf_nat
xt_connmark 12755 nf_conntrack
xt_physdev 12587 br_netfilter
xt_limit 12711
xt_tcpudp 12884
ip_set 45644 nfnetlink
ip_set_hash_ip 31658 ip_set
ip_set_hash_net 36021 ip_set
ip_vs 145497 nf_conntrack libcrc32c
ip_vs_rr 12600 ip_vs
ip_vs_wrr 12697 ip_vs
ip_vs_sh 12688 ip_vs
ebtables 35009
ebtable_filter 12827 ebtables
ebtable_nat 12807 ebtables
ebtable_broute 12731 ebtables
tun 31740
8021q 33208 garp mrp
garp 14384 stp llc
mrp 18542
bonding 152979
nfs 261876 nfsv4
nfsv4 574651
libcrc32c 12644
xfs 997127 libcrc32c
ext4 579979 mbcache jbd2
mbcache 14958
jbd2 107478
dm_mod 124407
dm_thin_pool 66358 dm_mod
loop 28072
virtio_net 28063 virtio
virtio_blk 18166 virtio
virtio_pci 22934 virtio virtio_ring
virtio_ring 22746
virtio_balloon 18015 virtio
virtio_console 28066 virtio
virtio 14959
ata_piix 35052 libata
ata_generic 12923 libata
pata_acpi 13053 libata
libata 243066
cirrus 24171 drm_kms_helper
drm_kms_helper 179394 drm
drm 429744
i2c_piix4 22401
pcspkr 12718
joydev 17389
ppdev 17671 parport
parport_pc 28205 parport
parport 46395
sg 40721
cdrom 42556
sr_mod 22416 cdrom
crc32c_intel 22094
serio_raw 13434
floppy 73520
iosf_mbi 15582
kvm 621480 irqbypass
kvm_intel 183737 kvm
irqbypass 13503
sunrpc 353352
softdog 13334
`;

export const MODULE_FILES: Readonly<Record<string, ModuleFile>> = Object.fromEntries(
  table.trim().split('\n').map((line) => {
    const [name, size, ...needs] = line.split(' ');
    return [name!, { size: Number(size), needs }];
  }),
);

/** modprobe's alias: dashes are underscores. */
export const moduleName = (name: string): string => name.replace(/-/g, '_');

/** What udev and the initramfs of such a machine load at boot, in this order. */
export const BOOT_MODULES: readonly string[] = [
  'libcrc32c', 'xfs', 'virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk', 'virtio_net', 'libata', 'pata_acpi', 'ata_generic', 'ata_piix',
  'crc32c_intel', 'serio_raw', 'drm', 'drm_kms_helper', 'cirrus', 'floppy', 'pcspkr', 'i2c_piix4', 'virtio_balloon', 'joydev', 'parport', 'parport_pc', 'ppdev', 'sunrpc',
  'ip_tables',
];

/** Modules compiled into the kernel: modprobe says nothing and lsmod does not show them. */
export const BUILT_IN: ReadonlySet<string> = new Set(['ipv6', 'unix', 'tmpfs', 'ext2', 'configfs', 'squashfs', 'autofs4']);
