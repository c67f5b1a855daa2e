// What a form does better with a script. Everything works without it, but the security check.
'use strict';
(() => {
  const find = (selector, within = document) => within.querySelector(selector);

  const focus = find('[data-focus]');
  if (focus) focus.focus();

  const form = find('form[data-sending]');
  if (!form) return;
  const button = find('button[type=submit]', form);
  const label = button.textContent;
  const said = find('#said', form);
  const password = find('input[type=password]', form);
  const email = find('input[type=email]', form);
  let busy, timer, waiting, told, trouble, asking = 0, pointed = 0;
  const afresh = () => {
    told = trouble = false;
    asking = pointed = 0;
  };

  // The security check: what to do when it does not come, asks for a tick, fails or runs out.
  const script = find('script[data-challenge]');
  const challenges = [...form.querySelectorAll('.challenge')];
  const open = () => challenges.filter((box) => !(find('input[name="' + box.id + '"]', box) || {}).value);
  const help = (of) => challenges.forEach((box) => {
    const line = find('.help', box);
    line.classList.toggle('calm', of === 'interactive');
    line.textContent = of && open().includes(box) ? box.dataset[of] : '';
  });
  const point = () => {
    help('interactive');
    open()[0].focus();
  };
  const fail = (of) => () => {
    trouble = of;
    release();
    help(of);
    return true;
  };
  window.challengeFailed = fail('failed');
  window.challengeUnsupported = fail('unsupported');
  window.challengeExpired = () => {
    asking = 0;
    // Mostly it renews itself, and there is nothing to do.
    setTimeout(() => asking || trouble || help('expired'), 3000);
  };
  window.challengeAsks = () => {
    trouble = false;
    asking += 1;
    help('interactive');
    if (!waiting) return;
    release();
    point();
  };
  window.challengeTicked = () => {
    asking = Math.max(0, asking - 1);
    pointed = 0;
    help(asking && 'interactive');
  };
  window.challengeSolved = () => {
    trouble = false;
    if (!open().length) asking = 0;
    help(asking && 'interactive');
    if (waiting && !open().length) {
      release();
      form.requestSubmit(button);
    }
  };
  if (script) {
    script.addEventListener('error', fail('blocked'));
    // Late is not never: it has just begun.
    script.addEventListener('load', () => {
      if (trouble !== 'blocked') return;
      trouble = false;
      help();
    });
    setTimeout(() => window.turnstile || fail('blocked')(), 10000);
  }

  // One press sends once; while the security check still runs, the press waits for it.
  const say = (text) => {
    button.textContent = text;
    button.setAttribute('aria-disabled', 'true');
    said.textContent = text;
  };
  const release = () => {
    busy = waiting = false;
    clearTimeout(timer);
    button.textContent = label;
    button.removeAttribute('aria-disabled');
    said.textContent = '';
  };
  form.addEventListener('submit', (event) => {
    // The switch of language or plan posts the form too, and submits nothing: nor does a press that waits any more.
    if (event.submitter !== button) return release();
    if (busy || waiting) return event.preventDefault();
    if (script && open().length && !trouble) {
      // Whoever cannot see what to tick gets an answer to the third press.
      if (asking && pointed < 2) {
        event.preventDefault();
        pointed += 1;
        return point();
      }
      // The script may still be on its way: without a token the answer would be a form without the password.
      if (!asking && !told) {
        event.preventDefault();
        waiting = told = true;
        say(form.dataset.waiting);
        open()[0].scrollIntoView({ block: 'nearest' });
        timer = setTimeout(release, 8000);
        return undefined;
      }
    }
    busy = true;
    if (password) reveal(false);
    say(form.dataset.sending);
    // Sending twice is harmless, being stuck is not.
    timer = setTimeout(release, 30000);
    return undefined;
  });
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    release();
    afresh();
    challenges.forEach((box) => window.turnstile && window.turnstile.reset(find('.cf-turnstile', box)));
  });

  // Password: show and hide, and its strength in words.
  const eye = find('.reveal', form);
  const faces = eye && [[eye.textContent, eye.getAttribute('aria-label')], eye.dataset.other.split('|')];
  const reveal = (visible) => {
    password.type = visible ? 'text' : 'password';
    eye.textContent = faces[+visible][0];
    eye.setAttribute('aria-label', faces[+visible][1]);
  };
  if (eye) {
    eye.hidden = false;
    eye.addEventListener('click', () => {
      const visible = password.type === 'password';
      reveal(visible);
      said.textContent = eye.dataset.said.split('|')[+!visible];
    });
    const meter = find('.strength', form);
    const words = password.dataset.strength.split('|');
    const measure = () => {
      const level = strength(password.value);
      meter.textContent = password.value ? words[level] : '';
      meter.dataset.level = level;
    };
    let pause;
    password.addEventListener('input', () => {
      clearTimeout(pause);
      pause = setTimeout(measure, 400);
    });
    eye.addEventListener('click', measure);
  }

  // Keys that lie side by side, in any direction; ten in a row.
  const keys = '1234567890qwertyuiopasdfghjkl;zxcvbnm,./';
  const isStep = (from, to) => {
    const [here, there] = [keys.indexOf(from), keys.indexOf(to)];
    return here >= 0 && there >= 0 && Math.abs(here % 10 - there % 10) < 2 && Math.abs((here / 10 | 0) - (there / 10 | 0)) < 2;
  };
  // A rough guess, to encourage: the gateway decides. Own words, well-known ones, repeats, sequences and walks over the
  // keyboard count for nothing.
  const strength = (text) => {
    // A password that is shown is a text, and no word of its own.
    const own = [...form.querySelectorAll('[type=text],[type=email]')].filter((input) => input !== password)
      .flatMap((input) => input.value.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length > 2);
    let rest = text.toLowerCase();
    for (const word of own.concat('password', 'passwort', 'qwerty', 'letmein', 'welcome', 'iloveyou', 'admin')) {
      rest = rest.replaceAll(word, '');
    }
    const points = [...rest];
    const fresh = points.filter((point, index) => {
      const [first, second] = [points[index - 2], points[index - 1]];
      if (!index || Math.abs(point.codePointAt(0) - second.codePointAt(0)) < 2) return !index;
      // Two keys side by side are in many words, three seldom.
      return !(isStep(first, second) && isStep(second, point));
    }).length;
    const pool = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[ -\/:-@[-\x60{-~]/, 32], [/[^ -~]/, 90]]
      .reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 1);
    const bits = fresh * Math.log2(pool);
    return [...text].length < password.dataset.min || bits < 36 ? 0 : bits < 54 ? 1 : bits < 72 ? 2 : 3;
  };

  // Links that change the language of a form nobody has sent, or the plan: what was typed goes along with them.
  const isTouched = (control) => (control.selectedOptions
    ? control.value && !control.selectedOptions[0].defaultSelected
    : control.checked !== control.defaultChecked || (control.defaultValue ?? control.value) !== control.value);
  const isFresh = find('a[hreflang]');
  document.querySelectorAll('a[hreflang],[data-plan]').forEach((link) => link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || busy) return;
    if (isFresh && ![...form.elements].some(isTouched)) return;
    event.preventDefault();
    const press = document.createElement('button');
    const value = link.hreflang ? 'unsent' : 'plan';
    Object.assign(press, { hidden: true, formAction: link.href, name: 'switch_language', value });
    // The last button, so that Enter in a field presses another.
    form.append(press);
    press.click();
    press.remove();
  }));

  // Right to left: a line that is empty at first follows the script that is typed.
  form.addEventListener('input', ({ target }) => {
    if (target.type === 'text' && !target.dir) target.dir = 'auto';
  });

  // Username: one that cannot be is told before it costs a round trip, and the password.
  const username = find('#username', form);
  const rule = find('#username-hint', form);
  if (username && rule) {
    const line = document.createElement('p');
    line.className = 'help calm';
    line.setAttribute('role', 'status');
    username.after(line);
    username.addEventListener('change', () => {
      const typed = username.value.trim();
      const isSpelt = /^[\w.-]{4,30}$/.test(typed);
      const isLined = isSpelt && !/^[_.]|[_.]{2}|[_.]$/.test(typed);
      line.textContent = !typed || isLined ? '' : isSpelt ? username.dataset.rule : rule.textContent;
    });
  }

  // E-mail: one slip in a well-known domain is offered for correction, never forced.
  const known = ('gmail.com yahoo.com hotmail.com outlook.com icloud.com protonmail.com live.com aol.com proton.me ' +
    'googlemail.com ymail.com mail.com email.com gmx.com gmx.net gmx.de web.de me.com mac.com msn.com qq.com hey.com').split(' ');
  const slips = { con: 'com', cmo: 'com', ocm: 'com', comm: 'com', vom: 'com', xom: 'com', ogr: 'org', nte: 'net' };
  // One letter more, less, other, or two swapped.
  const isSlip = (typed, right) => {
    let start = 0;
    while (start < right.length && typed[start] === right[start]) start += 1;
    let end = 0;
    while (end < right.length - start && end < typed.length - start && typed.at(-1 - end) === right.at(-1 - end)) end += 1;
    const wrong = typed.slice(start, typed.length - end);
    const good = right.slice(start, right.length - end);
    return Math.max(wrong.length, good.length) === 1 || (wrong.length === 2 && wrong === good[1] + good[0]);
  };
  const correct = (domain) => {
    const dot = domain.lastIndexOf('.') + 1;
    const fixed = slips[domain.slice(dot)] ? domain.slice(0, dot) + slips[domain.slice(dot)] : domain;
    if ('business' in form.dataset || known.includes(fixed)) return fixed;
    return known.slice(0, 6).find((right) => isSlip(fixed, right)) || fixed;
  };
  const hint = find('.suggestion', form);
  if (hint) {
    email.addEventListener('change', () => {
      const [, local, domain] = /^\s*(.+)@(\S+?)\s*$/.exec(email.value.toLowerCase()) || [];
      const better = domain && correct(domain);
      hint.textContent = '';
      if (!domain || better === domain) return;
      const take = document.createElement('button');
      take.type = 'button';
      take.textContent = email.value.trim().slice(0, local.length) + '@' + better;
      take.addEventListener('click', () => {
        email.value = take.textContent;
        hint.textContent = '';
        email.focus();
      });
      const [before, after] = email.dataset.suggest.split('|');
      hint.append(before, take, after);
    });
  }

  // State or province: suggestions for the chosen country, fetched when there is one.
  const country = find('[data-country]', form);
  const region = find('[data-regions]', form);
  let regions;
  const suggest = async () => {
    if (!country.value) return;
    try {
      regions = regions || (await (await fetch(region.dataset.regions)).json());
      region.list.replaceChildren(...(regions[country.value] || []).map((name) => {
        const option = document.createElement('option');
        option.value = name;
        return option;
      }));
    } catch {
      // It stays a line of text.
    }
  };
  if (country && region) {
    country.addEventListener('change', suggest);
    suggest();
  }
})();
