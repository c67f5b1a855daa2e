// A stand-in for the Turnstile script: the parts of its interface a page uses, and no network.
// It draws with CSSOM in a shadow root, so that it runs under a policy without inline styles.
(() => {
  'use strict';

  if (window.turnstile) {
    console.warn('[sandbox challenge] the script was loaded twice');
    return;
  }

  const SOLVING_MS = 400;
  const TOKEN_MS = 300 * 1000;
  const BLOCKED = '300010';
  const COLOURS = {
    light: { back: '#fafafa', line: '#d0d0d0', text: '#1f2328', quiet: '#4b5563', good: '#166534', bad: '#b91c1c' },
    dark: { back: '#232323', line: '#6b6b6b', text: '#f5f5f5', quiet: '#c9c9c9', good: '#86efac', bad: '#fca5a5' },
  };
  const FACES = {
    waiting: ['', 'quiet', 'Waiting to start'],
    running: ['…', 'quiet', 'Checking your browser'],
    asking: ['', 'text', ''],
    solved: ['✓', 'good', 'Success'],
    failed: ['✕', 'bad', 'Verification failed'],
    expired: ['↻', 'bad', 'Expired'],
  };

  const query = new URLSearchParams(
    document.currentScript && document.currentScript.src ? new URL(document.currentScript.src).search : '');
  const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
  const widgets = new Map();
  let count = 0;

  function element(name, style, text) {
    const made = document.createElement(name);
    Object.assign(made.style, style || {});
    if (text) made.textContent = text;
    return made;
  }

  function base64url(text) {
    let bytes = '';
    for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
    return btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  function mint(widget, interactive) {
    const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'));
    const token = { h: location.hostname, t: Date.now(), r: random.join(''), i: interactive };
    if (widget.options.action) token.a = widget.options.action;
    if (widget.options.cData) token.c = widget.options.cData;
    return 'SANDBOX.' + base64url(JSON.stringify(token));
  }

  // A callback is a function, or the name of a global one.
  function call(callback, argument) {
    const target = typeof callback === 'string' ? window[callback] : callback;
    return typeof target === 'function' ? target(argument) : undefined;
  }

  class Widget {
    constructor(container, options) {
      this.id = 'cf-chl-widget-' + (++count).toString(36);
      this.container = container;
      this.options = options;
      this.timers = [];
      this.response = undefined;
      this.expired = false;
      if (String(options['response-field']) !== 'false') {
        this.input = document.createElement('input');
        this.input.type = 'hidden';
        this.input.name = options['response-field-name'] || 'cf-turnstile-response';
        this.input.id = this.id + '_response';
        container.append(this.input);
      }
      this.draw();
      prefersDark.addEventListener('change', this.paint = () => this.show(this.state));
      if (options.execution === 'execute') this.show('waiting');
      else this.start();
    }

    get key() { return this.options.sitekey; }

    draw() {
      const compact = this.options.size === 'compact';
      const width = this.options.size === 'flexible' ? '100%' : compact ? '150px' : '300px';
      this.host = element('div', { width, minWidth: compact ? '150px' : '300px', maxWidth: '100%' });
      this.host.id = this.id;
      this.box = element('div', {
        boxSizing: 'border-box', width: '100%', height: compact ? '140px' : '65px', padding: '0 12px',
        display: 'flex', alignItems: 'center', gap: '12px', flexDirection: compact ? 'column' : 'row',
        justifyContent: compact ? 'center' : 'flex-start', border: '1px solid', borderRadius: '4px',
        fontFamily: 'system-ui, sans-serif', fontSize: '14px', lineHeight: '1.3', textAlign: compact ? 'center' : 'start',
      });
      this.box.setAttribute('role', 'group');
      this.box.setAttribute('aria-label', 'Sandbox challenge');
      this.box.lang = 'en';
      this.sign = element('span', { width: '24px', flex: 'none', fontSize: '22px', textAlign: 'center' });
      this.sign.setAttribute('aria-hidden', 'true');
      this.checkbox = element('input', { width: '24px', height: '24px', flex: 'none', margin: '0' });
      this.checkbox.type = 'checkbox';
      this.checkbox.id = 'human';
      this.checkbox.addEventListener('change', () => this.clicked());
      this.label = element('label', { flex: '1', cursor: 'pointer' }, 'Verify you are human');
      this.label.htmlFor = 'human';
      this.status = element('span', { flex: compact ? 'none' : '1' });
      this.status.setAttribute('role', 'status');
      this.name = element('span', { fontSize: '11px' }, 'Sandbox challenge');
      this.box.append(this.sign, this.checkbox, this.label, this.status, this.name);
      this.host.attachShadow({ mode: 'open' }).append(this.box);
      this.container.append(this.host);
    }

    show(state) {
      this.state = state;
      const [sign, tone, words] = FACES[state];
      const theme = COLOURS[this.options.theme] ? this.options.theme : prefersDark.matches ? 'dark' : 'light';
      const colours = COLOURS[theme];
      const asking = state === 'asking';
      Object.assign(this.box.style, {
        background: colours.back, borderColor: colours.line, color: colours.text, colorScheme: theme });
      this.sign.textContent = sign;
      this.sign.style.color = colours[tone];
      this.status.textContent = words;
      this.status.style.color = colours[tone];
      this.name.style.color = colours.quiet;
      this.sign.style.display = asking ? 'none' : '';
      this.status.style.display = asking ? 'none' : '';
      this.checkbox.style.display = asking ? '' : 'none';
      this.label.style.display = asking ? '' : 'none';
      const unseen = /^[12]x0+BB$/.test(this.key)
        || (this.options.appearance === 'interaction-only' && !asking)
        || (this.options.appearance === 'execute' && state === 'waiting');
      this.host.style.display = unseen ? 'none' : '';
      this.host.dataset.state = state;
    }

    after(delay, step) { this.timers.push(setTimeout(step, delay)); }

    forget() {
      this.timers.forEach(clearTimeout);
      this.timers = [];
      this.response = undefined;
      this.checkbox.checked = false;
      if (this.input) this.input.value = '';
    }

    start() {
      this.forget();
      this.expired = false;
      this.show('running');
      this.after(SOLVING_MS, () => {
        if (this.key.startsWith('2x0')) this.fail();
        else if (this.key.startsWith('3x0')) this.ask();
        else this.solve(false);
      });
    }

    ask() {
      this.show('asking');
      call(this.options['before-interactive-callback']);
    }

    clicked() {
      if (this.state !== 'asking') return;
      call(this.options['after-interactive-callback']);
      this.show('running');
      this.after(SOLVING_MS, () => this.solve(true));
    }

    solve(interactive) {
      this.response = mint(this, interactive);
      if (this.input) this.input.value = this.response;
      this.show('solved');
      this.after(TOKEN_MS, () => this.expire());
      call(this.options.callback, this.response);
    }

    fail() {
      this.show('failed');
      if (this.options.retry !== 'never') {
        this.after(Number(this.options['retry-interval']) || 8000, () => this.start());
      }
      if (!call(this.options['error-callback'], BLOCKED)) {
        console.error('[sandbox challenge] error ' + BLOCKED);
      }
    }

    expire() {
      this.forget();
      this.expired = true;
      this.show('expired');
      call(this.options['expired-callback']);
      const refresh = this.options['refresh-expired'] || 'auto';
      if (this.expired && refresh === 'auto') this.start();
    }

    remove() {
      this.forget();
      prefersDark.removeEventListener('change', this.paint);
      this.host.remove();
      if (this.input) this.input.remove();
      widgets.delete(this.id);
    }
  }

  // data-response-field-name becomes 'response-field-name'; only cData is spelt otherwise.
  function optionsOf(container) {
    const options = {};
    for (const { name, value } of container.attributes) {
      if (name.startsWith('data-')) options[name.slice(5)] = value;
    }
    if (options.cdata) options.cData = options.cdata;
    return options;
  }

  function containerOf(target) {
    return typeof target === 'string' ? document.querySelector(target) : target;
  }

  function find(target) {
    if (target === undefined) return widgets.values().next().value;
    if (widgets.has(target)) return widgets.get(target);
    let container = null;
    try { container = containerOf(target); } catch (_) { /* a widget id need not be a selector */ }
    return Array.from(widgets.values()).find((widget) => container && widget.container === container);
  }

  function render(target, given) {
    const container = containerOf(target);
    if (!container) throw new Error('[sandbox challenge] no container ' + target);
    if (find(container)) {
      console.warn('[sandbox challenge] the container has a widget already');
      return undefined;
    }
    const options = Object.assign(optionsOf(container), given);
    if (!options.sitekey) throw new Error('[sandbox challenge] no site key');
    if (options.action && !/^[\w-]{1,32}$/.test(options.action)) throw new Error('[sandbox challenge] invalid action');
    const widget = new Widget(container, options);
    widgets.set(widget.id, widget);
    return widget.id;
  }

  function whenLoaded(step) {
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', step);
    else step();
  }

  window.turnstile = {
    render,
    reset: (target) => { const widget = find(target); if (widget) widget.start(); },
    remove: (target) => { const widget = find(target); if (widget) widget.remove(); },
    execute: (target, given) => {
      const widget = find(target);
      if (!widget) return render(target, given);
      if (widget.state === 'waiting') widget.start();
      return undefined;
    },
    getResponse: (target) => { const widget = find(target); return widget && widget.response; },
    isExpired: (target) => { const widget = find(target); return Boolean(widget && widget.expired); },
    ready: whenLoaded,
  };

  if (query.get('render') !== 'explicit') {
    whenLoaded(() => document.querySelectorAll('.cf-turnstile').forEach((container) => {
      if (!find(container)) render(container);
    }));
  }
  if (query.get('onload')) whenLoaded(() => call(query.get('onload')));
})();
