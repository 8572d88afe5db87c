/** Types of the kernel's state that the small world fills in. */
export type { Host, World } from '../../../src/sim/world.ts';
export type { NetNs } from '../../../src/sim/net/state.ts';
