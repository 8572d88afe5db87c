/** Nodes that rest, leave and join. */
import { theyHold } from './holds.ts';

theyHold(/^2\.[12].*\.md$/);
