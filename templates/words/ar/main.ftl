# كلمات كل الصفحات. قل للزائر ما يفعله بكلمات يفهمها شخص متعب. الأرقام غربية في كل مكان.
# `{ $brand }` هو اسم المنتج، ويمكن أن يرد في أي رسالة من رسائل الصفحات.

## كل الصفحات

skip-to-content = انتقل إلى المحتوى الرئيسي
have-account = هل لديك حساب؟
sign-in = تسجيل الدخول
footer-label = المزيد عن هذه الخدمة
footer-terms = شروط الخدمة
footer-privacy = سياسة الخصوصية
footer-support = المساعدة
language-label = اللغة
error-prefix = خطأ:
optional = (اختياري)

## اختيار الخطة

plans-title = كيف تريد أن تبدأ؟
plans-lead = اختر خطة، واملأ استمارة واحدة، وابدأ العمل.
plans-lead-one = املأ استمارة واحدة، وابدأ العمل.
plans-for = لمن هذه الخطة
plans-get = ما الذي تحصل عليه
plans-next = الخطوة التالية
plans-none-title = التسجيل مغلق
plans-none-text = لا توجد خطة متاحة للاختيار حاليًا. إذا كان لديك حساب، فسجّل الدخول.

## الاستمارة

summary-title = هناك مشكلة
form-all-plans = جميع الخطط
form-other-plans = هل تبحث عن شيء آخر؟
group-account = حسابك
group-company = شركتك
group-project = مشروعك
country-none = اختر بلدًا
password-show = إظهار
password-hide = إخفاء
password-show-label = إظهار كلمة المرور
password-hide-label = إخفاء كلمة المرور
password-shown = كلمة المرور ظاهرة
password-hidden = كلمة المرور مخفية
strength-0 = سهلة التخمين. اجعلها أطول، أو أضف كلمة لا صلة لها بها.
strength-1 = يمكن أن تكون أقوى. أضف كلمة أخرى لا صلة لها بها.
strength-2 = كلمة مرور جيدة.
strength-3 = كلمة مرور قوية.
email-suggestion = هل تقصد { $address }؟
email-anyway = استخدام هذا البريد الإلكتروني على أي حال
email-other-plan = ليس لديك سوى بريد شخصي؟ اطّلع على خطة أخرى:
email-support = تواصل معنا بشأن بريدك الإلكتروني
honeypot-label = اترك هذا الحقل فارغًا

## الحقول: التسمية والتلميح

field-name-label = الاسم الكامل
field-username-label = اسم المستخدم
field-username-hint = من 4 إلى 30 حرفًا: أحرف إنجليزية وأرقام وشرطات ونقاط وشرطات سفلية.
field-email-label = البريد الإلكتروني
field-email-hint = سنرسل رابطًا إلى هذا العنوان لتأكيده.
field-email-hint-business = استخدم بريد العمل. سنرسل إليه رابطًا لتأكيده.
field-password-label = كلمة المرور
field-password-hint =
    { $min ->
        [zero] أي عدد من الأحرف.
        [one] حرف واحد على الأقل.
        [two] حرفان على الأقل.
        [few] { $min } أحرف على الأقل.
        [many] { $min } حرفًا على الأقل.
       *[other] { $min } حرف على الأقل.
    } يفضَّل استخدام عدة كلمات لا صلة بينها.
field-password-hint-again =
    أدخل كلمة المرور مرة أخرى، فهي لا تُحفظ في الصفحة أبدًا. { $min ->
        [zero] أي عدد من الأحرف.
        [one] حرف واحد على الأقل.
        [two] حرفان على الأقل.
        [few] { $min } أحرف على الأقل.
        [many] { $min } حرفًا على الأقل.
       *[other] { $min } حرف على الأقل.
    } يفضَّل استخدام عدة كلمات لا صلة بينها.
field-jobTitle-label = المسمى الوظيفي
field-companyName-label = الشركة
field-privacyPolicy-label = الشروط والخصوصية

consent-text = أوافق على <terms>شروط الخدمة</terms> و<privacy>سياسة الخصوصية</privacy> الخاصة بـ { $brand }.
# تاريخ هذا النص: غيّره كلما تغيّر النص.
consent-version = 2026-11-22

## فحص الأمان

challenge-label = فحص الأمان
challenge-no-script = يحتاج فحص الأمان إلى JavaScript. فعّله في متصفحك، ثم أرسل الاستمارة: ستعود بإجاباتك وتحمّل الفحص.
challenge-blocked = لم يُحمَّل فحص الأمان. تحقق من اتصالك، وأوقف أدوات حظر المحتوى في هذه الصفحة. ثم أرسل الاستمارة: ستعود بإجاباتك وتحمّل الفحص من جديد.
challenge-failed = لم ينجح فحص الأمان. انتظر بضع ثوانٍ ريثما يعيد المحاولة. وإن لم ينجح، فجرّب شبكة أخرى أو متصفحًا آخر.
challenge-expired = انتهت مدة فحص الأمان. أكمله من جديد، ثم تابع.
challenge-unsupported = متصفحك قديم ولا يدعم فحص الأمان. حدّثه، أو استخدم متصفحًا آخر.
challenge-interactive = ضع علامة في المربع أعلاه للمتابعة.
challenge-waiting = في انتظار فحص الأمان…
error-challenge-missing = أكمل فحص الأمان
error-challenge-refused = أكمل فحص الأمان مرة أخرى، فالفحص السابق لم يُقبل

## ما الخطأ في حقل ما. `error-{ field }-{ code }`، وإلا `error-{ code }`.

error-missing = أدخل إجابة في «{ $label }»
error-unreadable = في «{ $label }» رموز لا يمكن قراءتها. اكتب النص مرة أخرى
error-control = في «{ $label }» رمز غير مرئي، مثل فاصل أسطر. اكتب النص مرة أخرى
# 254 يُعامَل مثل 54 و128 مثل 28، لكن المكتبة لا تقسم على مئة كما تقتضي قواعد العربية، ولذلك يُذكران هنا بالاسم.
error-too-long =
    يجب ألا يتجاوز «{ $label }» { $max ->
        [254] { $max } حرفًا
        [zero] الصفر
        [one] حرفًا واحدًا
        [two] حرفين
        [few] { $max } أحرف
        [many] { $max } حرفًا
       *[other] { $max } حرف
    }
error-too-short =
    يجب ألا يقل «{ $label }» عن { $min ->
        [zero] الصفر
        [one] حرف واحد
        [two] حرفين
        [few] { $min } أحرف
        [many] { $min } حرفًا
       *[other] { $min } حرف
    }
error-not-a-choice = اختر إحدى الإجابات في «{ $label }»
error-character = في «{ $label }» رمز لا يمكن استخدامه هنا
error-separator = في «{ $label }» نقطة أو شرطة سفلية في غير موضعها
error-at = يجب أن يكون «{ $label }» على صيغة name@example.com
error-local = تحقق من الجزء الذي يسبق علامة @ في «{ $label }»
error-domain = تحقق من الجزء الذي يلي علامة @ في «{ $label }»
error-disposable = أدخل عنوانًا ستحتفظ به: هذا العنوان من خدمة بريد مؤقت
error-free = أدخل بريد العمل: هذا العنوان من خدمة بريد شخصي
error-blocked = أدخل عنوانًا آخر: لا يمكن التسجيل هنا بهذا العنوان
error-common = اختر كلمة مرور أصعب تخمينًا: هذه الكلمة واردة في قوائم كلمات المرور الشائعة
error-weak = اختر كلمة مرور أصعب تخمينًا. اجعلها أطول، أو أضف كلمة لا صلة لها بها

error-name-missing = أدخل اسمك الكامل
error-username-missing = أدخل اسم مستخدم
error-username-character = لا يقبل اسم المستخدم إلا الأحرف الإنجليزية والأرقام والشرطات والنقاط والشرطات السفلية
error-username-separator = يجب ألا يبدأ اسم المستخدم أو ينتهي بنقطة أو شرطة سفلية، وألا تتوالى فيه اثنتان منها
error-username-too-short =
    يجب ألا يقل اسم المستخدم عن { $min ->
        [zero] الصفر
        [one] حرف واحد
        [two] حرفين
        [few] { $min } أحرف
        [many] { $min } حرفًا
       *[other] { $min } حرف
    }
error-username-too-long =
    يجب ألا يتجاوز اسم المستخدم { $max ->
        [zero] الصفر
        [one] حرفًا واحدًا
        [two] حرفين
        [few] { $max } أحرف
        [many] { $max } حرفًا
       *[other] { $max } حرف
    }
error-username-taken = اسم المستخدم هذا محجوز. اختر اسمًا آخر
error-email-missing = أدخل بريدك الإلكتروني
error-email-at = أدخل بريدًا إلكترونيًا على صيغة name@example.com
error-email-local = تحقق من الجزء الذي يسبق علامة @ في بريدك الإلكتروني
error-email-domain = تحقق من الجزء الذي يلي علامة @ في بريدك الإلكتروني. ينبغي أن يشبه example.com
error-email-refused = لم يُقبل هذا البريد الإلكتروني. تحقق منه، أو استخدم غيره
error-email-doubtful = تحقق من بريدك الإلكتروني: لم نتمكن من التأكد من وجوده
error-email-doubtful-suggestion = تحقق من بريدك الإلكتروني. هل تقصد { $suggestion }؟
error-password-missing = أدخل كلمة مرور
error-password-too-short =
    يجب ألا تقل كلمة المرور عن { $min ->
        [zero] الصفر
        [one] حرف واحد
        [two] حرفين
        [few] { $min } أحرف
        [many] { $min } حرفًا
       *[other] { $min } حرف
    }
error-password-too-long =
    يجب ألا تتجاوز كلمة المرور { $max ->
        [128] { $max } حرفًا
        [zero] الصفر
        [one] حرفًا واحدًا
        [two] حرفين
        [few] { $max } أحرف
        [many] { $max } حرفًا
       *[other] { $max } حرف
    }
error-password-unreadable = في كلمة المرور رموز لا يمكن قراءتها. اكتبها مرة أخرى
error-password-refused = لم تُقبل كلمة المرور هذه. اختر كلمة أخرى
error-privacyPolicy-missing = ضع علامة في المربع للموافقة على الشروط وسياسة الخصوصية

## فوق الاستمارة

kept = إجاباتك ما زالت هنا.
notice-expired-title = انتهت صلاحية هذه الاستمارة
notice-expired-text = بقيت مفتوحة وقتًا طويلًا، وهذه استمارة جديدة. راجع إجاباتك، ثم أرسلها.
notice-suspicious-title = لم تُقبل الاستمارة
notice-suspicious-text = مُلئ حقل لا يراه أحد، ربما بسبب إضافة في المتصفح. أرسل الاستمارة مرة أخرى.
notice-limited-title = محاولات كثيرة جدًا
notice-limited-text = يمكنك إرسال الاستمارة مرة أخرى { $wait }.
notice-challenge-unavailable-title = فحص الأمان غير متاح
notice-challenge-unavailable-text = الخلل من جانبنا، ولم يُنشأ أي حساب. أرسل الاستمارة مرة أخرى بعد بضع دقائق.
notice-unavailable-title = عذرًا، هناك مشكلة في الخدمة
notice-unavailable-text = لم يُنشأ أي حساب. أرسل الاستمارة مرة أخرى بعد بضع دقائق.
notice-upstream-failed-title = عذرًا، هناك مشكلة في الخدمة
notice-upstream-failed-text = تعذّر إنشاء حسابك. أرسل الاستمارة مرة أخرى بعد بضع دقائق.
notice-unknown-title = ربما أُنشئ حسابك
notice-unknown-text = توقفت الخدمة عن الرد قبل أن تؤكد ذلك. قبل أن تحاول مرة أخرى:
notice-unknown-step-1 = ابحث في بريدك الوارد، وفي مجلد الرسائل غير المرغوب فيها، عن رسالة تطلب منك تأكيد عنوانك. إن وجدتها، فافتح الرابط الذي فيها، وبذلك تنتهي.
notice-unknown-step-2 = لم تصل رسالة بعد بضع دقائق؟ جرّب تسجيل الدخول باسم المستخدم وكلمة المرور.
notice-unknown-step-3 = إن لم ينجح ذلك أيضًا، فأرسل الاستمارة أدناه مرة أخرى.
notice-refused-title = لم يُنشأ حسابك
notice-email-in-use-title = ربما لديك حساب بالفعل
notice-email-in-use-text = إذا كان لهذا العنوان حساب، فسجّل الدخول أو أعد تعيين كلمة المرور في صفحة تسجيل الدخول. وإلا فاستخدم بريدًا إلكترونيًا آخر.
notice-account-exists-title = هذا الحساب موجود بالفعل
notice-account-exists-text = ابحث في بريدك الوارد عن رسالة تأكيد العنوان، أو سجّل الدخول.
notice-used-title = سبق استخدام هذه الاستمارة
notice-used-text = أُنشئ بها حساب لبريد إلكتروني آخر. لإنشاء حساب إضافي، راجع إجاباتك وأرسل هذه الاستمارة الجديدة.
notice-code-title = لا يمكن استخدام الرمز الموجود في رابطك
notice-code-text = ربما يكون ناقصًا أو سبق استخدامه. يمكنك التسجيل بالاستمارة أدناه.
notice-code-unknown-title = لم نتمكن من التحقق من الرمز الموجود في رابطك
notice-code-unknown-text = افتح الرابط مرة أخرى بعد بضع دقائق، أو سجّل بالاستمارة أدناه.
notice-link-expired-title = انتهت صلاحية البيانات الموجودة في رابطك
notice-link-expired-text = افتح الرابط مرة أخرى من حيث وجدته، أو املأ الاستمارة أدناه.

wait-seconds = { $count ->
    [zero] الآن
    [one] بعد ثانية واحدة
    [two] بعد ثانيتين
    [few] بعد { $count } ثوانٍ
    [many] بعد { $count } ثانية
   *[other] بعد { $count } ثانية
}
wait-minutes = { $count ->
    [zero] الآن
    [one] بعد دقيقة واحدة
    [two] بعد دقيقتين
    [few] بعد { $count } دقائق
    [many] بعد { $count } دقيقة
   *[other] بعد { $count } دقيقة
}
wait-hours = { $count ->
    [zero] الآن
    [one] بعد ساعة واحدة
    [two] بعد ساعتين
    [few] بعد { $count } ساعات
    [many] بعد { $count } ساعة
   *[other] بعد { $count } ساعة
}

## صفحات الخطأ

error-page-400-title = لا يمكن قراءة هذا الطلب
error-page-400-text = تحقق من العنوان في متصفحك، أو ابدأ من جديد.
error-page-403-title = لم تُقبل الاستمارة
error-page-403-text = أُرسلت من موقع آخر. افتح صفحة التسجيل هنا واملأ الاستمارة.
error-page-404-title = الصفحة غير موجودة
error-page-404-text = تحقق من كتابة العنوان، أو اختر خطة للتسجيل.
error-page-405-title = لا يمكن استخدام هذه الصفحة بهذه الطريقة
error-page-405-text = افتحها من رابط أو من عنوانها، أو ابدأ من جديد.
error-page-408-title = كان اتصالك بطيئًا جدًا
error-page-408-text = لم تصل استمارتك في الوقت المحدد. ارجع وأرسلها مرة أخرى.
error-page-413-title = إجاباتك طويلة جدًا
error-page-413-text = ارجع واختصر إجاباتك، ثم أرسل الاستمارة مرة أخرى.
error-page-415-title = تعذّرت قراءة الاستمارة
error-page-415-text = افتح صفحة التسجيل واملأ الاستمارة في متصفحك.
error-page-421-title = لا توجد صفحة تسجيل في هذا العنوان
error-page-421-text = تحقق من العنوان الذي حصلت عليه.
error-page-429-title = طلبات كثيرة جدًا
error-page-429-text = يمكنك تحميل الصفحة مرة أخرى { $wait }.
error-page-4xx-title = لم ينجح ذلك
error-page-4xx-text = تحقق من العنوان، أو ابدأ من جديد.
error-page-5xx-title = عذرًا، هناك مشكلة في الخدمة
error-page-5xx-text = حاول مرة أخرى بعد بضع دقائق. إذا كنت تسجّل، فافحص بريدك الوارد أولًا: ربما أُنشئ حسابك.
error-page-home = الانتقال إلى الخطط
error-page-reference = المرجع
error-page-support = إذا تكرر الأمر، فأخبرنا بهذا المرجع:

## تقدّم الحساب

status-title = تسجيلك
status-unknown-title = افحص بريدك الوارد
status-unknown-text = إذا كنت قد سجّلت للتو، فستصلك رسالة فيها رابط لتأكيد عنوانك. قد يستغرق ذلك بضع دقائق. افحص مجلد الرسائل غير المرغوب فيها أيضًا.
status-created-title = أكّد بريدك الإلكتروني
status-created-text = أُنشئ حسابك. افتح الرابط في الرسالة التي أرسلناها إليك. قد يستغرق وصولها بضع دقائق. افحص مجلد الرسائل غير المرغوب فيها أيضًا.
status-active-title = حسابك جاهز
status-active-text = خطتك مفعّلة. يمكنك البدء.
status-trial-title = فترتك التجريبية جارية
status-trial-text = يمكنك البدء.
status-trial-until = تستمر فترتك التجريبية حتى { $date }.
status-over-title = انتهت فترتك التجريبية
status-over-text = سجّل الدخول لتعرف كيف يمكنك المتابعة.
status-step-over = انتهت الفترة التجريبية
status-payment-title = أكمل الدفع
status-payment-text = تم تأكيد بريدك الإلكتروني. سجّل الدخول لإكمال الدفع، وبعده تبدأ خطتك.
status-suspended-title = حسابك موقوف
status-suspended-text = تواصل مع الدعم لمعرفة السبب وما يمكنك فعله.
status-suspended-text-alone = ابحث في بريدك عن رسالة توضّح السبب وما يمكنك فعله، أو سجّل الدخول لمعرفة المزيد.
status-deleted-title = حُذف هذا الحساب
status-deleted-text = يمكنك التسجيل مرة أخرى باستمارة جديدة.
status-step-created = إنشاء الحساب
status-step-confirm = تأكيد البريد الإلكتروني
status-step-confirmed = تم تأكيد البريد الإلكتروني
status-step-active = الخطة مفعّلة
status-step-trial = الفترة التجريبية جارية
status-step-payment = إكمال الدفع
status-step-plan = تفعيل الخطة
status-done = تم
status-open = الانتقال إلى { $brand }
status-refreshing = تُحدَّث هذه الصفحة تلقائيًا.
status-again = التحقق مرة أخرى
status-support = التواصل مع الدعم
status-signup = اختيار خطة

## حساب مفعّل من قبل

already-active-title = حسابك مفعّل بالفعل
already-active-text = لم يبقَ شيء تفعله هنا. سجّل الدخول باسم المستخدم أو البريد الإلكتروني وكلمة المرور.

# تاريخ كامل، مثل 5 ديسمبر 2026.
date =
    { $day } { $month ->
        [1] يناير
        [2] فبراير
        [3] مارس
        [4] أبريل
        [5] مايو
        [6] يونيو
        [7] يوليو
        [8] أغسطس
        [9] سبتمبر
        [10] أكتوبر
        [11] نوفمبر
       *[12] ديسمبر
    } { $year }
