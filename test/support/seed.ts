/**
 * Properties draw from one seed, so that a test says the same today and tomorrow; `npm run explore` and
 * FIREDRILL_SEED=n look further.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FIREDRILL_SEED'] ?? 1) });
