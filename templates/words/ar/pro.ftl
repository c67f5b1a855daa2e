# خطة Professional.

flow-pro-title = Professional
flow-pro-heading = أنشئ حساب Professional
flow-pro-summary = مساحة عمل خاصة بك، من أول تسجيل للبيانات إلى النموذج النهائي.
flow-pro-for = مهندس يعمل وحده على تطوير منتج
flow-pro-why = من بيانات المستشعرات الخام إلى نموذج يعمل
flow-pro-point-1 = مشروع أول جاهز عند تسجيل الدخول
flow-pro-point-2 = جميع أدوات خطة Professional
flow-pro-point-3 = ابدأ اليوم دون مكالمة مبيعات
flow-pro-next = تنتقل إلى الدفع. تبدأ خطتك عند اكتماله.
flow-pro-choose = اختيار Professional
flow-pro-submit = إنشاء الحساب
flow-pro-sending = جارٍ إنشاء حسابك…

field-projectName-label = اسم مشروعك الأول
