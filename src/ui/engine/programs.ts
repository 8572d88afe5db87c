/** All programs and images: the part of the page that may come after the first prompt. */
export { programs } from '../../shell/bin/registry.ts';
export { images } from '../../sim/images.ts';
