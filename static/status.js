// The status page looks again by itself, and says only what has changed.
'use strict';
(() => {
  const progress = document.querySelector('#progress[data-refresh]');
  if (!progress) return;
  const stay = (link) => {
    const place = link || progress.querySelector('h1');
    if (!link) place.tabIndex = -1;
    place.focus();
  };
  const lookAgain = () => setTimeout(async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = page.querySelector('#progress');
      if (next && answer.ok) {
        if (next.textContent !== progress.textContent) {
          const focused = document.activeElement;
          const hadFocus = progress.contains(focused);
          progress.replaceChildren(...next.childNodes);
          // Whoever was there stays there: at the same link, else where the news begins.
          if (hadFocus) stay([...progress.querySelectorAll('a')].find((link) => link.href === focused.href));
        }
        document.title = page.title;
        if (!next.dataset.refresh) return;
        progress.dataset.refresh = next.dataset.refresh;
      }
    } catch {
      // Offline for a while.
    }
    lookAgain();
  }, progress.dataset.refresh * 1000);
  lookAgain();
})();
