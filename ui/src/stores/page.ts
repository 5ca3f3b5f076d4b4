/** What the person chose: kept in the address of the page, except for the theme. Nothing of the network is in here. */
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { useMediaQuery, useEventListener } from '@vueuse/core';
import { readAddress, writeAddress, type PageState } from '../domain/page-address.js';
import type { Sort, SortColumn } from '../domain/node-rows.js';

export type Theme = 'auto' | 'light' | 'dark';

const themeKey = 'starling.theme';

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(themeKey);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    // Storage may be forbidden: the page then follows the system.
    return 'auto';
  }
}

export const usePage = defineStore('page', () => {
  const initial = readAddress(location.search);
  const node = ref(initial.node);
  const chosenView = ref(initial.view);
  const metric = ref(initial.metric);
  const sort = ref<Sort>(initial.sort);
  const search = ref(initial.search);
  const from = ref(initial.from);
  const keysOpen = ref(false);
  /** Page clock, milliseconds, of the moment looked back to; null: now. */
  const pastMs = ref<number | null>(null);
  const theme = ref<Theme>(storedTheme());

  const narrow = useMediaQuery('(max-width: 760px)');
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)');
  /** On a narrow window the table leads. */
  const view = computed(() => chosenView.value ?? (narrow.value ? 'table' : 'graph'));
  const ground = computed(() => (theme.value === 'auto' ? (systemDark.value ? 'dark' : 'light') : theme.value));

  const state = computed<PageState>(() => ({ node: node.value, view: chosenView.value, metric: metric.value, sort: sort.value, search: search.value, from: from.value }));

  watch(state, (now, before) => {
    const address = location.pathname + writeAddress(now);
    if (address === location.pathname + location.search) return;
    // Going back leads to the node or the view before; typing and sorting leave no trail.
    const step = now.node !== before.node || now.view !== before.view || now.from !== before.from;
    if (step) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  });

  useEventListener(window, 'popstate', () => {
    const read = readAddress(location.search);
    node.value = read.node;
    chosenView.value = read.view;
    metric.value = read.metric;
    sort.value = read.sort;
    search.value = read.search;
    from.value = read.from;
  });

  watch(ground, (now) => document.documentElement.setAttribute('data-theme', now), { immediate: true });

  function setTheme(next: Theme) {
    theme.value = next;
    try {
      if (next === 'auto') localStorage.removeItem(themeKey);
      else localStorage.setItem(themeKey, next);
    } catch {
      // The choice then lasts as long as the page.
    }
  }

  function sortBy(column: SortColumn) {
    const same = sort.value.column === column;
    sort.value = { column, direction: same && sort.value.direction === 'ascending' ? 'descending' : 'ascending' };
  }

  function show(next: 'graph' | 'table') {
    chosenView.value = next;
  }

  return { node, view, metric, sort, search, from, keysOpen, pastMs, theme, ground, narrow, setTheme, sortBy, show };
});
