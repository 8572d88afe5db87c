/** The chapter on tools. */
import { theyHold } from './holds.ts';

theyHold(/^0.*\.md$/);
