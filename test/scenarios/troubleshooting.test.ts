/** The chapter on troubleshooting. */
import { theyHold } from './holds.ts';

theyHold(/^1.*\.md$/);
