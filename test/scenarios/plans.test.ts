/** Upgrades and installs. */
import { theyHold } from './holds.ts';

theyHold(/^(2\.[3-9]|[3-9]|\D).*\.md$/);
