# الفترة التجريبية لخطة Enterprise.

flow-trial-title = تجربة Enterprise
flow-trial-heading = ابدأ تجربة Enterprise
flow-trial-summary = جميع ميزات Enterprise لفريقك كله، مجانًا لمدة محدودة.
flow-trial-for = الشركات التي تريد أن تجرّب قبل أن تقرر
flow-trial-why = اكتشف ما يمكن لفريقك أن يبنيه
flow-trial-point-1 = جميع ميزات Enterprise من الدقيقة الأولى
flow-trial-point-2 = مؤسسة خاصة بك تشاركها مع فريقك
flow-trial-point-3 = دون بيانات دفع
flow-trial-next = تنتقل مباشرة إلى مؤسستك الجديدة. تنتهي الفترة التجريبية من تلقاء نفسها، ولا شيء عليك إلغاؤه.
flow-trial-choose = بدء فترة تجريبية
flow-trial-submit = بدء الفترة التجريبية
flow-trial-sending = جارٍ بدء فترتك التجريبية…

field-companySize-label = عدد الموظفين
field-country-label = البلد
field-stateOrProvince-label = الولاية أو المقاطعة
field-organizationName-label = اسم المؤسسة
field-organizationName-hint = اتركه فارغًا لاستخدام اسمك.
field-useCase-label = ما الذي تريد بناءه
field-userHasMLModelsInProduction-label = هل لديك نماذج تعلّم آلي مستخدَمة في بيئة الإنتاج؟
choice-models-yes = نعم
choice-models-no = لا
choice-models-soon = لا، ولكن قريبًا

# ما يقترحه المتصفح إجابةً عن `useCase`. يُرسَل النص كما هو في الحقل.
suggestion-industrial = الصناعة
suggestion-predictive-maintenance = الصيانة التنبؤية
suggestion-asset-tracking = تتبّع الأصول
suggestion-consumer-electronics = الإلكترونيات الاستهلاكية
suggestion-health-and-wearables = الصحة والأجهزة القابلة للارتداء
suggestion-smart-buildings = المباني الذكية
suggestion-agriculture = الزراعة
suggestion-automotive = السيارات
suggestion-research-and-teaching = البحث والتعليم
