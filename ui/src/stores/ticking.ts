/** The clock by which ages tick. */
import { onScopeDispose, ref, type Ref } from 'vue';
import { pageTimeMs } from '../domain/page-clock.js';

/** Between two ticks, milliseconds: ages below ten seconds show tenths, but nobody reads them faster. */
const tickMs = 500;

/** Page clock, milliseconds; stands still while nobody sees the page. */
export function useTicking(): Readonly<Ref<number>> {
  const nowMs = ref(pageTimeMs());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tick = () => {
    clearTimeout(timer);
    nowMs.value = pageTimeMs();
    if (!document.hidden) timer = setTimeout(tick, tickMs);
  };
  document.addEventListener('visibilitychange', tick);
  tick();
  onScopeDispose(() => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', tick);
  });
  return nowMs;
}
